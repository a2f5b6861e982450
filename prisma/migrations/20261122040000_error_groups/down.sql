DROP TABLE IF EXISTS error_series, error_places, error_groups, error_deltas;
DROP INDEX IF EXISTS job_attempts_dead, job_attempts_error;
ALTER TABLE job_attempts DROP COLUMN IF EXISTS dead, DROP COLUMN IF EXISTS error_group;
