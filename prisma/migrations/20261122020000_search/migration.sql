-- Searching in history: an index of JSON on days that are over, and views that people keep.

CREATE TABLE saved_views (
  id uuid PRIMARY KEY,
  organization_id uuid NOT NULL,
  name text NOT NULL,
  q text NOT NULL DEFAULT '',
  state text[] NOT NULL DEFAULT '{}',
  queue_name text,
  job_type text,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (organization_id, name);
ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON saved_views USING (organization_id = nullif(current_setting('app.organization_id', true), '')::uuid);

-- Builds the index of one past day and answers which; null when there is none to build. With `present`, days to come get
-- theirs while they are empty, and so each day has it from its first job on; without, they lose it again.
-- A build keeps writers off its day, so it waits for a time in which no job of that day is due to run or runs. After two
-- days it waits no longer: what is left then (a paused queue, a job of weeks) may itself wait for the build.
CREATE FUNCTION bespin_index_history(present boolean) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
  child text;
  day date;
  rows real;
  indexed boolean;
  busy boolean;
  build CONSTANT text := 'CREATE INDEX %I ON %I USING gin (payload jsonb_path_ops, result jsonb_path_ops, tags jsonb_path_ops)';
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('bespin_index_history')) THEN RETURN NULL; END IF;
  FOR child, rows, day, indexed IN
    SELECT c.relname, c.reltuples, to_date(right(c.relname, 8), 'YYYYMMDD'), to_regclass(c.relname || '_search') IS NOT NULL
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'jobs'::regclass AND c.relname ~ '^jobs_[0-9]{8}$' ORDER BY 1 DESC
  LOOP
    IF day > current_date THEN
      IF present AND NOT indexed THEN EXECUTE format(build, child || '_search', child); END IF;
      IF indexed AND NOT present THEN EXECUTE format('DROP INDEX %I', child || '_search'); END IF;
      CONTINUE;
    END IF;
    CONTINUE WHEN indexed OR now() < day + interval '1 day 10 minutes';
    EXECUTE format($q$SELECT EXISTS (SELECT FROM %I WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired')
      AND coalesce(due_at, now()) < now() + make_interval(secs => $1))$q$, child) INTO busy USING 30 + rows / 20000;
    CONTINUE WHEN busy AND day >= current_date - 2;
    EXECUTE format(build, child || '_search', child);
    RETURN child;
  END LOOP;
  RETURN NULL;
END $$;

-- Jobs of one indexed day that contain, of each group of needles, at least one in the group's column; newest first.
-- Containment is not leakproof, so under row-level security no index may answer it; here the organization of the
-- transaction is part of the query, and nothing but ids comes out.
CREATE FUNCTION bespin_jobs_containing(child text, columns text[], needles jsonb[], groups integer[], low uuid, high uuid, most integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF child !~ '^jobs_[0-9]{8}$' OR NOT columns <@ ARRAY['payload', 'result', 'tags'] THEN RAISE EXCEPTION 'not a day of jobs, or not a column of JSON'; END IF;
  RETURN QUERY EXECUTE format('SELECT id FROM %I WHERE organization_id = nullif(current_setting(''app.organization_id'', true), '''')::uuid AND id >= $1 AND id < $2 AND %s ORDER BY id DESC LIMIT $3',
    child, (SELECT string_agg('(' || one || ')', ' AND ') FROM (SELECT string_agg(format('%I @> $4[%s]', columns[g], n), ' OR ') AS one FROM unnest(groups) WITH ORDINALITY AS u(g, n) GROUP BY g) AS parts))
  USING low, high, most, needles;
END $$;
