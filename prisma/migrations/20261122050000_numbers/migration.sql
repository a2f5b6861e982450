-- Numbers over time: how long jobs waited and ran, how full the queues were; and workers that can be asked to take no more.

-- Waiting ('wait') and processing ('run') times in logarithmic buckets (server/domain/engine/time-buckets.ts): how many
-- times of a minute fell into each. Worker processes add what they saw every few seconds; older minutes are merged into quarters.
CREATE TABLE job_time_minutes (
  organization_id uuid NOT NULL,
  minute timestamptz(3) NOT NULL,
  queue_name text NOT NULL,
  job_type text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('wait', 'run')),
  bucket smallint NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (organization_id, minute, queue_name, job_type, kind, bucket)
);
CREATE INDEX job_time_minutes_minute ON job_time_minutes (minute);

-- How many jobs waited and ran, read from the counters once a minute; the queue '' is the organization as a whole. A queue
-- has no row for a minute in which it was empty, but one for the minute in which it became so: a row holds until the next.
CREATE TABLE queue_depth_minutes (
  organization_id uuid NOT NULL,
  queue_name text NOT NULL,
  minute timestamptz(3) NOT NULL,
  waiting bigint NOT NULL,
  running bigint NOT NULL,
  PRIMARY KEY (organization_id, queue_name, minute)
);
CREATE INDEX queue_depth_minutes_minute ON queue_depth_minutes (minute);
-- For their retention.
CREATE INDEX job_minutes_minute ON job_minutes (minute);
-- What comes due next in one organization: only rows with a time are in it.
CREATE INDEX due_jobs_upcoming ON due_jobs (organization_id, due_at) WHERE due_at IS NOT NULL;

ALTER TABLE workers ADD COLUMN rss_bytes bigint NOT NULL DEFAULT 0, ADD COLUMN heap_bytes bigint NOT NULL DEFAULT 0,
  ADD COLUMN drain_wanted_at timestamptz(3), ADD COLUMN drain_wanted_by text, ADD COLUMN drain_reason text;

ALTER TABLE job_time_minutes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job_time_minutes USING (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);
ALTER TABLE queue_depth_minutes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON queue_depth_minutes USING (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);
