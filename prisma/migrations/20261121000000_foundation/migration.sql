-- The foundation: tenants, jobs with what the engine needs, receipts. Every tenant row carries organization_id and is
-- under row-level security; roles, grants and the engine's policies are in prisma/roles.sql.

CREATE TABLE organizations (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
INSERT INTO organizations (id, name, slug) VALUES ('00000000-0000-7000-8000-000000000001', 'Default', 'default');

-- Hot rows: written three times (accept, claim, finish). No index holds state, run or worker, so that claim and finish
-- stay HOT updates: half of each page is left free for them. What the dispatcher must look at lives in due_jobs.
-- History is partitioned by day: the id (UUIDv7) begins with its time, so the key is the id itself.
CREATE TABLE jobs (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  queue_name text NOT NULL,
  job_type text,
  state text NOT NULL CHECK (state IN ('scheduled', 'blocked', 'pending', 'running', 'retrying', 'completed', 'failed', 'cancelled', 'expired')),
  priority smallint NOT NULL DEFAULT 0,
  payload jsonb NOT NULL,
  result jsonb,
  last_error text,
  progress real NOT NULL DEFAULT 0,
  tags jsonb,
  idempotency_key text,
  ordering_key text,
  concurrency_key text,
  gated boolean NOT NULL DEFAULT false,
  suspect boolean NOT NULL DEFAULT false,
  run integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  crashes integer NOT NULL DEFAULT 0,
  snoozes integer NOT NULL DEFAULT 0,
  max_retries integer NOT NULL,
  backoff jsonb,
  timeout_seconds integer NOT NULL,
  worker_id uuid,
  due_at timestamptz(3),
  dispatched_at timestamptz(3),
  scheduled_at timestamptz(3),
  expires_at timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  cancel_requested_at timestamptz(3),
  completed_at timestamptz(3),
  failed_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX jobs_newest ON jobs (organization_id, id);
CREATE INDEX jobs_failed ON jobs (organization_id, id) WHERE failed_at IS NOT NULL;

-- One row per run that ended otherwise than completed, or logged something.
CREATE TABLE job_attempts (
  job_id uuid NOT NULL,
  run integer NOT NULL,
  organization_id uuid NOT NULL,
  worker_id uuid,
  outcome text NOT NULL,
  error text,
  started_at timestamptz(3),
  finished_at timestamptz(3) NOT NULL,
  PRIMARY KEY (job_id, run)
) PARTITION BY RANGE (job_id);

CREATE TABLE job_logs (
  job_id uuid NOT NULL,
  run integer NOT NULL,
  line integer NOT NULL,
  organization_id uuid NOT NULL,
  at timestamptz(3) NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (job_id, run, line)
) PARTITION BY RANGE (job_id);

-- The lowest UUIDv7 of a moment.
CREATE FUNCTION bespin_first_id(moment timestamptz) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partitions of today and the next days; a day whose rows are already in the default partition is left there.
CREATE FUNCTION bespin_make_partitions(days_ahead integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public SET timezone = 'UTC' AS $$
DECLARE
  made integer := 0;
  day date;
  parent text;
  child text;
BEGIN
  FOR day IN SELECT generate_series(current_date, current_date + days_ahead, interval '1 day')::date LOOP
    FOREACH parent IN ARRAY ARRAY['jobs', 'job_attempts', 'job_logs'] LOOP
      child := format('%s_%s', parent, to_char(day, 'YYYYMMDD'));
      CONTINUE WHEN to_regclass(child) IS NOT NULL;
      BEGIN
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent, bespin_first_id(day), bespin_first_id(day + 1));
        -- Without a policy of its own: a day can only be read through its parent.
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', child);
        IF parent = 'jobs' THEN EXECUTE format('ALTER TABLE %I SET (fillfactor = 50)', child); END IF;
        made := made + 1;
      EXCEPTION WHEN check_violation OR duplicate_table THEN NULL;
      END;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;

-- Drops the oldest day that ended before a moment; answers whether there was one. Unfinished jobs stay (in the default
-- partition) with their attempts and log lines, and the counters lose what the dropped rows had. What takes time is done
-- while only that day is locked, the cut itself at the end.
CREATE FUNCTION bespin_drop_partition(before timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
  child text;
  parent text;
  day text;
  ended CONSTANT text := $q$state IN ('completed', 'failed', 'cancelled', 'expired')$q$;
BEGIN
  SELECT c.relname INTO child FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'jobs'::regclass AND c.relname ~ '^jobs_[0-9]{8}$' AND to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= before::date
    ORDER BY 1 LIMIT 1;
  IF child IS NULL THEN RETURN false; END IF;
  day := right(child, 8);
  EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', child);
  EXECUTE format($q$INSERT INTO job_counter_deltas (organization_id, queue_name, job_type, state, delta)
    SELECT organization_id, queue_name, coalesce(job_type, ''), state, -count(*) FROM %I WHERE %s GROUP BY 1, 2, 3, 4$q$, child, ended);
  EXECUTE format('CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM %I WHERE NOT %s', child, ended);
  EXECUTE format('ALTER TABLE jobs DETACH PARTITION %I', child);
  INSERT INTO jobs SELECT * FROM kept;
  EXECUTE format('DROP TABLE %I', child);
  FOREACH parent IN ARRAY ARRAY['job_attempts', 'job_logs'] LOOP
    child := parent || '_' || day;
    CONTINUE WHEN to_regclass(child) IS NULL;
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, child);
    EXECUTE format('INSERT INTO %I SELECT old.* FROM %I old WHERE old.job_id IN (SELECT id FROM kept)', parent, child);
    EXECUTE format('DROP TABLE %I', child);
  END LOOP;
  RETURN true;
END $$;

CREATE TABLE jobs_default PARTITION OF jobs DEFAULT WITH (fillfactor = 50);
CREATE TABLE job_attempts_default PARTITION OF job_attempts DEFAULT;
CREATE TABLE job_logs_default PARTITION OF job_logs DEFAULT;
ALTER TABLE jobs_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_attempts_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_logs_default ENABLE ROW LEVEL SECURITY;
SELECT bespin_make_partitions(7);

-- The waiting room, the only table the dispatcher looks into: jobs that wait for a time (due_at), for a key that another
-- job holds (waits_for), or for their turn (ready): over the window, gated, paused, or left to external workers (lane '').
CREATE TABLE due_jobs (
  job_id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  lane text NOT NULL,
  queue_name text NOT NULL,
  priority smallint NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  ready boolean NOT NULL,
  gated boolean NOT NULL,
  due_at timestamptz(3),
  waits_for text,
  ordering_key text,
  concurrency_key text
);
CREATE INDEX due_jobs_ready ON due_jobs (lane, gated, organization_id, queue_name, priority DESC, job_id) WHERE ready;
CREATE INDEX due_jobs_timers ON due_jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX due_jobs_order ON due_jobs (organization_id, queue_name, ordering_key, seq) WHERE ordering_key IS NOT NULL;
CREATE INDEX due_jobs_parked ON due_jobs (organization_id, queue_name, waits_for, seq) WHERE waits_for IS NOT NULL;

-- Who holds an ordering key, a concurrency key or a place of a limited queue; the primary key keeps two from holding one.
CREATE TABLE job_slots (
  organization_id uuid NOT NULL,
  queue_name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('ordering', 'concurrency', 'queue')),
  key text NOT NULL,
  slot integer NOT NULL,
  job_id uuid NOT NULL,
  PRIMARY KEY (organization_id, queue_name, kind, key, slot)
);
CREATE INDEX job_slots_job ON job_slots (job_id);

-- Jobs that end by themselves when their time is over.
CREATE TABLE job_expiries (
  job_id uuid PRIMARY KEY,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX job_expiries_time ON job_expiries (expires_at);

-- Running jobs that were asked to stop, for the worker that runs them.
CREATE TABLE cancel_requests (
  job_id uuid PRIMARY KEY,
  worker_id uuid,
  requested_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX cancel_requests_worker ON cancel_requests (worker_id);

-- What is declared about a queue; a queue without a row has the defaults.
CREATE TABLE queues (
  organization_id uuid NOT NULL,
  name text NOT NULL,
  max_retries integer,
  default_timeout integer,
  rate_limit integer,
  rate_period_seconds integer NOT NULL DEFAULT 1,
  concurrency integer,
  concurrency_per_key integer NOT NULL DEFAULT 1,
  retention_days integer,
  enabled boolean NOT NULL DEFAULT true,
  settings jsonb NOT NULL DEFAULT '{}',
  paused_at timestamptz(3),
  paused_by text,
  pause_reason text,
  rate_window_at timestamptz(3),
  rate_used integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, name)
);

-- What an operator did, and why: the rest of a job's story is told by its own rows.
CREATE TABLE events (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  reason text,
  details jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX events_subject ON events (organization_id, subject_kind, subject_id, id);

CREATE TABLE idempotency_keys (
  organization_id uuid NOT NULL,
  key text NOT NULL,
  job_id uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (organization_id, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- What a worker process holds: one row per claimed envelope, whose expiry is the lease of every job in it.
CREATE TABLE claims (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  worker_id uuid NOT NULL,
  job_ids uuid[] NOT NULL,
  runs integer[] NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX claims_worker ON claims (worker_id);

CREATE TABLE workers (
  id uuid PRIMARY KEY,
  hostname text NOT NULL,
  pid integer NOT NULL,
  version text NOT NULL,
  queues text[] NOT NULL,
  slots integer NOT NULL,
  running integer NOT NULL DEFAULT 0,
  name text NOT NULL DEFAULT '',
  status text NOT NULL DEFAULT 'running',
  handler_ms jsonb NOT NULL DEFAULT '{}',
  job_ids uuid[] NOT NULL DEFAULT '{}',
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  heartbeat_at timestamptz(3) NOT NULL DEFAULT now()
);

-- A control loop runs where its lease is held; takeover after expiry.
CREATE TABLE control_leases (
  name text PRIMARY KEY,
  holder uuid NOT NULL,
  expires_at timestamptz(3) NOT NULL
);

-- The epoch the belt must show; another one there (or none) means that its contents are gone.
CREATE TABLE belt_state (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  epoch uuid
);
INSERT INTO belt_state (id) VALUES (1);

-- Counts by state, kept without scanning jobs: each engine statement appends deltas, a loop adds them up every second.
CREATE TABLE job_counter_deltas (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id uuid NOT NULL,
  queue_name text NOT NULL,
  job_type text NOT NULL,
  state text NOT NULL,
  delta integer NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE TABLE job_counters (
  organization_id uuid NOT NULL,
  queue_name text NOT NULL,
  job_type text NOT NULL,
  state text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (organization_id, queue_name, job_type, state)
);
-- How many jobs entered a state in a minute: the source of every chart.
CREATE TABLE job_minutes (
  organization_id uuid NOT NULL,
  minute timestamptz(3) NOT NULL,
  queue_name text NOT NULL,
  job_type text NOT NULL,
  state text NOT NULL,
  entered bigint NOT NULL,
  PRIMARY KEY (organization_id, minute, queue_name, job_type, state)
);

CREATE TABLE receipts (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  source text NOT NULL,
  scheme text NOT NULL,
  event text,
  provider_id text,
  verified boolean NOT NULL,
  reason text,
  signature text,
  headers jsonb NOT NULL,
  content_type text,
  body bytea NOT NULL,
  payload jsonb,
  repeats integer NOT NULL DEFAULT 0,
  last_repeat_at timestamptz(3),
  job_ids uuid[] NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX receipts_newest ON receipts (organization_id, id DESC);
CREATE INDEX receipts_rejected ON receipts (organization_id, source, id DESC) WHERE NOT verified;

-- What makes a delivery the same delivery: the sender's id, and the hash of its body.
CREATE TABLE receipt_keys (
  organization_id uuid NOT NULL,
  source text NOT NULL,
  key text NOT NULL,
  receipt_id uuid NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (organization_id, source, key)
);
CREATE INDEX receipt_keys_expiry ON receipt_keys (expires_at);

-- A tenant sees its own rows and nothing else; without app.organization_id it sees nothing.
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['jobs', 'job_attempts', 'job_logs', 'due_jobs', 'job_slots', 'queues', 'events', 'idempotency_keys', 'job_counter_deltas', 'job_counters', 'job_minutes', 'receipts', 'receipt_keys'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (organization_id = nullif(current_setting(''app.organization_id'', true), '''')::uuid)', t);
  END LOOP;
END $$;
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organizations USING (id = nullif(current_setting('app.organization_id', true), '')::uuid);
