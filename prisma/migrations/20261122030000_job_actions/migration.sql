-- What is done to many jobs at once: who asked, why, how far it is. The jobs it is about are fixed by its own id (UUIDv7:
-- jobs with a higher one were created later) and by one item each; the worker walks the items in order.
CREATE TABLE job_actions (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  action text NOT NULL CHECK (action IN ('retry', 'cancel', 'purge', 'priority', 'move', 'undo')),
  undoes uuid,
  state text NOT NULL CHECK (state IN ('gathering', 'running', 'completed', 'aborted')),
  actor text NOT NULL,
  reason text,
  filter jsonb,
  priority smallint,
  queue_name text,
  rate integer NOT NULL CHECK (rate > 0),
  matched integer NOT NULL,
  matched_exactly boolean NOT NULL,
  gathered integer NOT NULL DEFAULT 0,
  gathered_until uuid,
  acted_until uuid,
  done integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  skipped jsonb NOT NULL DEFAULT '{}',
  last_error text,
  ended_by text,
  end_reason text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3),
  forgotten_at timestamptz(3)
);
CREATE INDEX job_actions_newest ON job_actions (organization_id, id);
CREATE INDEX job_actions_active ON job_actions (id) WHERE state IN ('gathering', 'running');
CREATE INDEX job_actions_kept ON job_actions (ended_at) WHERE forgotten_at IS NULL AND ended_at IS NOT NULL;
-- An action is taken back once.
CREATE UNIQUE INDEX job_actions_undone ON job_actions (undoes) WHERE undoes IS NOT NULL;

-- One job of an action: null while its turn has not come, then what became of it and how it was before. Each is written
-- twice, so room is left on the pages.
CREATE TABLE job_action_items (
  action_id uuid NOT NULL,
  job_id uuid NOT NULL,
  organization_id uuid NOT NULL,
  outcome text CHECK (outcome IN ('done', 'skipped', 'failed')),
  reason text,
  before jsonb,
  at timestamptz(3),
  PRIMARY KEY (action_id, job_id)
) WITH (fillfactor = 60);

ALTER TABLE job_actions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job_actions USING (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);
ALTER TABLE job_action_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job_action_items USING (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);
