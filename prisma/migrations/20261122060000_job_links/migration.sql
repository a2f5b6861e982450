-- Which job was made from which, and what is remembered of a worker process when its row in workers is gone.
-- Both are side tables: the hot table of jobs is not touched.

-- One row per job that an operator made from another one. No foreign key: jobs are partitioned and fall by the day.
CREATE TABLE job_links (
  job_id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  origin_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('edited')),
  actor text NOT NULL,
  reason text,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX job_links_origin ON job_links (organization_id, origin_id, job_id);
ALTER TABLE job_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job_links USING (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);

-- Written by the first heartbeat of a worker process; seen_at moves about once an hour while it lives. Like workers it
-- belongs to no organization.
CREATE TABLE worker_records (
  worker_id uuid PRIMARY KEY,
  name text NOT NULL,
  hostname text NOT NULL,
  version text NOT NULL,
  seen_at timestamptz(3) NOT NULL DEFAULT now()
);
INSERT INTO worker_records (worker_id, name, hostname, version) SELECT id, name, hostname, version FROM workers;
