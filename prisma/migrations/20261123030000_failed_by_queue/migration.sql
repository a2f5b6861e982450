-- The dead letter of one queue, newest first. Only failed jobs enter it.
CREATE INDEX jobs_failed_by_queue ON jobs (organization_id, queue_name, id) WHERE failed_at IS NOT NULL;

-- Rows that live for a second: without this the dead ones are read a hundred times over before somebody clears them away.
ALTER TABLE job_counter_deltas SET (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE due_jobs SET (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE claims SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
