ALTER TABLE job_expiries DISABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS tenant ON job_expiries;
DROP POLICY IF EXISTS engine ON job_expiries;
DROP INDEX IF EXISTS job_expiries_upcoming;
ALTER TABLE job_expiries DROP COLUMN IF EXISTS organization_id;
