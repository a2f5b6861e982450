DROP TABLE IF EXISTS receipt_keys, receipts, job_minutes, job_counters, job_counter_deltas, belt_state, control_leases,
  workers, claims, idempotency_keys, job_attempts, jobs, organizations;
