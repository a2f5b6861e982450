ALTER TABLE workers DROP COLUMN IF EXISTS rss_bytes, DROP COLUMN IF EXISTS heap_bytes, DROP COLUMN IF EXISTS drain_wanted_at,
  DROP COLUMN IF EXISTS drain_wanted_by, DROP COLUMN IF EXISTS drain_reason;
DROP INDEX IF EXISTS due_jobs_upcoming, job_minutes_minute;
DROP TABLE IF EXISTS queue_depth_minutes, job_time_minutes;
