DROP INDEX jobs_code;
ALTER TABLE organizations DROP COLUMN code_caps;
