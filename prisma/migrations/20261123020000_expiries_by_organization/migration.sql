-- Whose expiry it is, so that an organization finds its next ones without looking through those of all others. The release
-- before this one writes rows without it: they expire as ever, but are not told beforehand.
ALTER TABLE job_expiries ADD COLUMN organization_id uuid;
UPDATE job_expiries e SET organization_id = j.organization_id FROM jobs j WHERE j.id = e.job_id;
CREATE INDEX job_expiries_upcoming ON job_expiries (organization_id, expires_at);

-- The engine keeps sight of all rows from the moment on at which web requests see only their own.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'bespin_engine') THEN CREATE POLICY engine ON job_expiries TO bespin_engine USING (true) WITH CHECK (true); END IF;
END $$;
CREATE POLICY tenant ON job_expiries USING (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);
ALTER TABLE job_expiries ENABLE ROW LEVEL SECURITY;
