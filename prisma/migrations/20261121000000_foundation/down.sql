DROP TABLE IF EXISTS receipt_keys, receipts, job_minutes, job_counters, job_counter_deltas, belt_state, control_leases,
  workers, claims, idempotency_keys, events, queues, cancel_requests, job_expiries, job_slots, due_jobs, job_logs, job_attempts, jobs, organizations;
DROP FUNCTION IF EXISTS bespin_make_partitions(integer), bespin_drop_partition(timestamptz), bespin_first_id(timestamptz);
