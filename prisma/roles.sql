-- Roles, rights and the engine's policies. Runs after every migration step, as one script; safe to repeat.
-- The logins are made by the migration step, or given: GRANT bespin_app TO your_login, and so on.
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['bespin_app', 'bespin_engine', 'bespin_code'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN EXECUTE format('CREATE ROLE %I NOLOGIN', r); END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
    END;
  END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION bespin_make_partitions(integer), bespin_drop_partition(timestamptz) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION bespin_index_history(boolean), bespin_jobs_containing(text, text[], jsonb[], integer[], uuid, uuid, integer) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION bespin_jobs_of_days_containing(text[], text[], jsonb[], integer[], uuid, uuid, integer) FROM PUBLIC;

-- bespin_app: what web requests read and write, always under row-level security. Job rows it may only read.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bespin_app') THEN RETURN; END IF;
  GRANT USAGE ON SCHEMA public TO bespin_app;
  GRANT SELECT ON organizations, jobs, job_attempts, job_logs, due_jobs, job_slots, idempotency_keys, job_counters, job_counter_deltas, job_minutes,
    workers, belt_state TO bespin_app;
  GRANT SELECT ON job_time_minutes, queue_depth_minutes TO bespin_app;
  GRANT SELECT ON job_links, worker_records TO bespin_app;
  GRANT SELECT ON job_expiries TO bespin_app;
  GRANT SELECT, INSERT, UPDATE, DELETE ON queues TO bespin_app;
  GRANT SELECT, INSERT ON events TO bespin_app;
  GRANT SELECT, INSERT, UPDATE ON job_actions TO bespin_app;
  GRANT SELECT, INSERT ON job_action_items TO bespin_app;
  GRANT SELECT, INSERT, UPDATE, DELETE ON receipts, receipt_keys TO bespin_app;
  GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO bespin_app;
  GRANT EXECUTE ON FUNCTION bespin_jobs_containing(text, text[], jsonb[], integer[], uuid, uuid, integer) TO bespin_app;
  GRANT EXECUTE ON FUNCTION bespin_jobs_of_days_containing(text[], text[], jsonb[], integer[], uuid, uuid, integer) TO bespin_app;
END $$;

-- bespin_engine: the engine's statements and the control loops, across organizations.
DO $$
DECLARE t text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bespin_engine') THEN RETURN; END IF;
  GRANT USAGE ON SCHEMA public TO bespin_engine;
  GRANT SELECT, INSERT, UPDATE, DELETE ON jobs, job_attempts, job_logs, due_jobs, job_slots, job_expiries, cancel_requests, queues, events,
    idempotency_keys, claims, workers, control_leases, belt_state,
    job_counter_deltas, job_counters, job_minutes TO bespin_engine;
  GRANT SELECT, INSERT, UPDATE, DELETE ON job_time_minutes, queue_depth_minutes TO bespin_engine;
  GRANT SELECT, INSERT, UPDATE, DELETE ON job_links, worker_records TO bespin_engine;
  GRANT SELECT, INSERT, UPDATE, DELETE ON job_actions, job_action_items TO bespin_engine;
  GRANT EXECUTE ON FUNCTION bespin_make_partitions(integer), bespin_drop_partition(timestamptz) TO bespin_engine;
  GRANT EXECUTE ON FUNCTION bespin_index_history(boolean) TO bespin_engine;
  -- A plan made while the tables are still empty reads them whole, and is kept while they grow by a million rows.
  BEGIN
    ALTER ROLE bespin_engine SET enable_seqscan = off;
    -- A dispatcher that stands still in the middle of a queue must not keep that queue to itself.
    ALTER ROLE bespin_engine SET idle_in_transaction_session_timeout = '10s';
    -- Planning for a thousand ids anew takes as long as the work itself; the statements are written so that one plan fits all.
    ALTER ROLE bespin_engine SET plan_cache_mode = force_generic_plan;
  EXCEPTION
    WHEN insufficient_privilege THEN NULL;
  END;
  FOREACH t IN ARRAY ARRAY['jobs', 'job_attempts', 'job_logs', 'job_links', 'due_jobs', 'job_slots', 'queues', 'events', 'idempotency_keys', 'job_counter_deltas', 'job_counters', 'job_minutes',
    'job_time_minutes', 'queue_depth_minutes', 'job_actions', 'job_action_items', 'job_expiries'] LOOP
    IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = 'public' AND tablename = t AND policyname = 'engine') THEN
      EXECUTE format('CREATE POLICY engine ON %I TO bespin_engine USING (true) WITH CHECK (true)', t);
    END IF;
  END LOOP;
END $$;

-- Error groups: added up by the engine, muted and resolved by web requests.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bespin_app') THEN RETURN; END IF;
  GRANT SELECT ON error_groups, error_places, error_series TO bespin_app;
  GRANT UPDATE (state, muted_until, resolved_at) ON error_groups TO bespin_app;
END $$;
DO $$
DECLARE t text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bespin_engine') THEN RETURN; END IF;
  GRANT SELECT, INSERT, UPDATE, DELETE ON error_deltas, error_groups, error_places, error_series TO bespin_engine;
  FOREACH t IN ARRAY ARRAY['error_deltas', 'error_groups', 'error_places', 'error_series'] LOOP
    IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = 'public' AND tablename = t AND policyname = 'engine') THEN
      EXECUTE format('CREATE POLICY engine ON %I TO bespin_engine USING (true) WITH CHECK (true)', t);
    END IF;
  END LOOP;
END $$;
