DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT x.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class x ON x.relname = c.relname || '_search' WHERE i.inhparent = 'jobs'::regclass LOOP
    EXECUTE format('DROP INDEX %I', name);
  END LOOP;
END $$;
DROP FUNCTION bespin_jobs_containing(text, text[], jsonb[], integer[], uuid, uuid, integer);
DROP FUNCTION bespin_index_history(boolean);
DROP TABLE saved_views;
