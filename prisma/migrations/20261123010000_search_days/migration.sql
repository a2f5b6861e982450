-- Asking the indexes of many days at once: one call where there was one a day.

-- Jobs of indexed days (`20261120`, newest first) that contain, of each group of needles, at least one in the group's
-- column; newest first, and no further day is looked into when there are enough. As with the function for one day, which
-- the previous release calls: the organization of the transaction is part of the query, and nothing but ids comes out.
CREATE FUNCTION bespin_jobs_of_days_containing(days text[], columns text[], needles jsonb[], groups integer[], low uuid, high uuid, most integer)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET jit = off AS $$
DECLARE
  day text;
  condition text;
  wanted integer := most;
  found_here integer;
BEGIN
  IF EXISTS (SELECT FROM unnest(days) AS d WHERE d !~ '^[0-9]{8}$') OR NOT columns <@ ARRAY['payload', 'result', 'tags'] THEN
    RAISE EXCEPTION 'not days of jobs, or not a column of JSON';
  END IF;
  SELECT string_agg('(' || one || ')', ' AND ') INTO condition
    FROM (SELECT string_agg(format('%I @> $4[%s]', columns[g], n), ' OR ') AS one FROM unnest(groups) WITH ORDINALITY AS u(g, n) GROUP BY g) AS parts;
  FOREACH day IN ARRAY days LOOP
    RETURN QUERY EXECUTE format('SELECT id FROM %I WHERE organization_id = nullif(current_setting(''app.organization_id'', true), '''')::uuid AND id >= $1 AND id < $2 AND %s ORDER BY id DESC LIMIT $3',
      'jobs_' || day, condition) USING low, high, wanted, needles;
    GET DIAGNOSTICS found_here = ROW_COUNT;
    wanted := wanted - found_here;
    EXIT WHEN wanted <= 0;
  END LOOP;
END $$;
