-- Failures grouped by what they say: the engine stamps each failed run with its group and appends deltas, a control loop
-- adds them up. Roles and the engine's policies are in prisma/roles.sql.

-- `dead`: the run with which its job went to the dead letter. Both columns only grow the catalogue, no row is rewritten.
ALTER TABLE job_attempts ADD COLUMN error_group uuid;
ALTER TABLE job_attempts ADD COLUMN dead boolean NOT NULL DEFAULT false;
-- From a group to its jobs, newest first, and to those it left in the dead letter: of a group with a million retried
-- failures only the few that were final are looked at.
CREATE INDEX job_attempts_error ON job_attempts (organization_id, error_group, job_id) WHERE error_group IS NOT NULL;
CREATE INDEX job_attempts_dead ON job_attempts (organization_id, error_group, job_id) WHERE dead;

-- Failures not yet added up, one row per group, queue and type of each statement that ended runs.
CREATE TABLE error_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id uuid NOT NULL,
  error_group uuid NOT NULL,
  queue_name text NOT NULL,
  job_type text NOT NULL,
  count integer NOT NULL,
  -- One of the runs it stands for.
  job_id uuid NOT NULL,
  run integer NOT NULL,
  worker_id uuid,
  at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE error_groups (
  organization_id uuid NOT NULL,
  -- Made of the form (UUIDv8): the same error has the same id everywhere and always.
  id uuid NOT NULL,
  form text NOT NULL,
  message text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'muted', 'resolved', 'regressed')),
  count bigint NOT NULL,
  first_seen timestamptz(3) NOT NULL,
  last_seen timestamptz(3) NOT NULL,
  first_job_id uuid NOT NULL,
  last_job_id uuid NOT NULL,
  last_version text,
  muted_until timestamptz(3),
  resolved_at timestamptz(3),
  regressed_at timestamptz(3),
  regressed_job_id uuid,
  regressed_version text,
  PRIMARY KEY (organization_id, id)
);
CREATE INDEX error_groups_newest ON error_groups (organization_id, last_seen DESC, id DESC);

-- Where a group was seen, and how often.
CREATE TABLE error_places (
  organization_id uuid NOT NULL,
  group_id uuid NOT NULL,
  queue_name text NOT NULL,
  job_type text NOT NULL,
  count bigint NOT NULL,
  last_seen timestamptz(3) NOT NULL,
  PRIMARY KEY (organization_id, group_id, queue_name, job_type)
);

-- How often a group was seen per step of 1 minute (kept for a day) and of 60 (kept as long as the jobs).
CREATE TABLE error_series (
  organization_id uuid NOT NULL,
  group_id uuid NOT NULL,
  step_minutes smallint NOT NULL CHECK (step_minutes IN (1, 60)),
  at timestamptz(3) NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (organization_id, group_id, step_minutes, at)
);
CREATE INDEX error_series_age ON error_series (step_minutes, at);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['error_deltas', 'error_groups', 'error_places', 'error_series'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (organization_id = nullif(current_setting(''app.organization_id'', true), '''')::uuid)', t);
  END LOOP;
END $$;
