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
-- stay HOT updates; due_at and failed_at are null on the usual way and carry the two partial indexes.
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
  created_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  completed_at timestamptz(3),
  failed_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX jobs_newest ON jobs (organization_id, id DESC);
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_failed ON jobs (organization_id, id DESC) WHERE failed_at IS NOT NULL;

-- One row per run that ended otherwise than completed.
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
);

CREATE TABLE idempotency_keys (
  organization_id uuid NOT NULL,
  key text NOT NULL,
  job_id uuid NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, key)
);

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
  FOREACH t IN ARRAY ARRAY['jobs', 'job_attempts', 'idempotency_keys', 'job_counter_deltas', 'job_counters', 'job_minutes', 'receipts', 'receipt_keys'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (organization_id = nullif(current_setting(''app.organization_id'', true), '''')::uuid)', t);
  END LOOP;
END $$;
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organizations USING (id = nullif(current_setting('app.organization_id', true), '')::uuid);
