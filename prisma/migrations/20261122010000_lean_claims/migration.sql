-- A claim lives for milliseconds: trying to compress a thousand random ids costs more than writing them.
ALTER TABLE claims ALTER COLUMN job_ids SET STORAGE EXTERNAL, ALTER COLUMN runs SET STORAGE EXTERNAL;
