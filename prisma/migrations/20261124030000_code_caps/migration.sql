-- What an organization may ask of an execution, by the name of the limit (bytes, milliseconds, counts); null or absent: the server's cap.
ALTER TABLE organizations ADD COLUMN code_caps jsonb CHECK (jsonb_typeof(code_caps) = 'object');
-- The list of executions: they may be few among millions of other jobs.
CREATE INDEX jobs_code ON jobs (organization_id, id) WHERE job_type = 'code-execution';
