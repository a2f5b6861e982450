/**
 * The engine's statements. Each changes states, moves the counters by the same amounts in the same statement, and locks
 * rows in id order, so that two of them never wait for each other in a circle.
 *
 * Rows are always reached by `id = any(array)`: a join with a set of unknown size lets the planner read the whole table.
 *
 * Counters: `moved` holds (organization_id, queue_name, job_type, from_state, to_state) of every row changed.
 */
const COUNT_MOVES = `
  insert into job_counter_deltas (organization_id, queue_name, job_type, state, delta)
  select organization_id, queue_name, coalesce(job_type, ''), state, sum(delta)
  from (
    select organization_id, queue_name, job_type, to_state as state, 1 as delta from moved
    union all
    select organization_id, queue_name, job_type, from_state, -1 from moved where from_state is not null
    union all
    -- Not a state, but what the charts call new jobs.
    select organization_id, queue_name, job_type, 'created', 1 from moved where from_state is null
  ) as each_move
  -- Entered and left stay apart: the charts count what entered a state.
  group by 1, 2, 3, 4, delta > 0`

/** Rows to insert, one array per column. A repeated idempotency key leaves its row out. Answers the ids inserted. */
export const ACCEPT = `
  with input as (
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::text[], $9::text[],
      $10::int[], $11::text[], $12::int[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[])
      as t(id, organization_id, queue_name, job_type, state, priority, payload, tags, idempotency_key,
        max_retries, backoff, timeout_seconds, due_at, dispatched_at, scheduled_at, created_at)
  ), claimed as (
    insert into idempotency_keys (organization_id, key, job_id)
    select organization_id, idempotency_key, id from input where idempotency_key is not null order by 1, 2
    on conflict do nothing returning job_id
  ), inserted as (
    insert into jobs (id, organization_id, queue_name, job_type, state, priority, payload, tags, idempotency_key, max_retries, backoff,
      timeout_seconds, due_at, dispatched_at, scheduled_at, created_at, updated_at)
    select id, organization_id, queue_name, job_type, state, priority, payload::jsonb, tags::jsonb, idempotency_key, max_retries, backoff::jsonb,
      timeout_seconds, due_at, dispatched_at, scheduled_at, created_at, created_at
    from input where idempotency_key is null or id in (select job_id from claimed)
    order by id
    -- A statement repeated after a lost connection finds its own rows: they count as inserted once.
    on conflict (id) do nothing
    returning id, organization_id, queue_name, job_type, state
  ), moved as (
    select organization_id, queue_name, job_type, null::text as from_state, state as to_state from inserted
  ), counted as (${COUNT_MOVES})
  select id from inserted`

export const JOBS_OF_KEYS = `
  select k.organization_id, k.key, k.job_id from idempotency_keys k
  join unnest($1::uuid[], $2::text[]) as asked(organization_id, key) using (organization_id, key)`

/** Moves due rows to pending and stamps those of a built-in type. $1: lanes that have room, $2: most rows. */
export const DISPATCH_DUE = `
  with due as (
    select id, state from jobs
    where due_at <= now() and (job_type is null or job_type = any($1::text[])) and state in ('scheduled', 'retrying', 'pending')
    order by due_at limit $2 for update skip locked
  ), changed as (
    update jobs j set state = 'pending', due_at = null, dispatched_at = case when j.job_type is null then null else now() end, updated_at = now()
    from due where j.id = any(array(select id from due)) and j.id = due.id
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.priority, j.run, j.updated_at, due.state as from_state
  ), moved as (
    select organization_id, queue_name, job_type, from_state, 'pending' as to_state from changed where from_state <> 'pending'
  ), counted as (${COUNT_MOVES})
  select * from changed`

/** Makes rows due again whose hint is lost. $1: ids */
export const HAND_BACK_TO_DISPATCHER = `
  update jobs set due_at = now(), dispatched_at = null
  where id in (select id from jobs where id = any($1::uuid[]) and state = 'pending' order by id for update skip locked)`

/** The same for every stamped pending row of a lane older than $2 seconds, newest stamps left alone. */
export const RESTAMP_LANE = `
  update jobs set due_at = now(), dispatched_at = null
  where id in (
    select id from jobs where job_type = $1 and state = 'pending' and dispatched_at < now() - make_interval(secs => $2)
    order by id limit 50000 for update skip locked)`

/** Claims what is still pending of an envelope. $1: ids, $2: worker, $3: lease seconds. */
export const CLAIM = `
  with open as (
    select id from jobs where id = any($1::uuid[]) and state = 'pending' order by id for update
  ), claimed as (
    update jobs j set state = 'running', run = run + 1, worker_id = $2, started_at = now(), completed_at = null, due_at = null, progress = 0, updated_at = now()
    where j.id = any(array(select id from open))
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.run, j.payload, j.failures, j.max_retries, j.backoff, j.timeout_seconds, j.started_at,
      coalesce(j.dispatched_at, j.created_at) as ready_at
  ), lease as (
    insert into claims (worker_id, job_ids, runs, expires_at)
    select $2, array_agg(id order by id), array_agg(run order by id), now() + make_interval(secs => $3) from claimed having count(*) > 0
    returning id
  ), moved as (
    select organization_id, queue_name, job_type, 'pending' as from_state, 'running' as to_state from claimed
  ), counted as (${COUNT_MOVES})
  select claimed.*, (select id from lease) as claim_id from claimed`

/** Ends runs, each guarded by (id, run, running). Answers the ids whose result was accepted. */
export const FINISH = `
  with input as (
    select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[])
      as t(id, run, state, result, error, outcome, delay_ms)
  ), open as (
    select id from jobs where id = any($1::uuid[]) and state = 'running' order by id for update
  ), changed as (
    update jobs j set
      state = i.state, result = i.result::jsonb, last_error = coalesce(i.error, j.last_error),
      progress = case when i.state = 'completed' then 1 else j.progress end,
      failures = j.failures + (i.outcome = 'failed')::int, snoozes = j.snoozes + (i.outcome = 'snoozed')::int,
      completed_at = case when i.state in ('completed', 'failed', 'cancelled') then now() end,
      failed_at = case when i.state = 'failed' then now() end,
      due_at = case when i.state in ('retrying', 'scheduled', 'pending') then now() + make_interval(secs => i.delay_ms / 1000.0) end,
      updated_at = now()
    from input i where j.id = any(array(select id from open)) and j.id = i.id and j.run = i.run
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.run, j.worker_id, j.state, j.started_at, j.updated_at, i.error, i.outcome
  ), attempts as (
    insert into job_attempts (job_id, run, organization_id, worker_id, outcome, error, started_at, finished_at)
    select id, run, organization_id, worker_id, outcome, error, started_at, updated_at from changed where outcome <> 'completed'
  ), released as (
    delete from claims where id = any($8::bigint[])
  ), moved as (
    select organization_id, queue_name, job_type, 'running' as from_state, state as to_state from changed
  ), counted as (${COUNT_MOVES})
  select id, run, state, organization_id, queue_name, job_type, updated_at from changed`

/**
 * Takes back the jobs of claims that ran out (their worker is lost): they go to the dispatcher again, or to the dead
 * letter after $1 lost workers. Lost runs are counted apart from failures.
 */
export const REAP = `
  with lost as (
    delete from claims where id in (select id from claims where expires_at < now() order by id limit 1000 for update skip locked)
    returning worker_id, job_ids, runs
  ), held as (
    select unnest(job_ids) as id, unnest(runs) as run from lost
  ), open as (
    select id from jobs where id = any(array(select id from held)) and state = 'running' order by id for update
  ), changed as (
    update jobs j set
      state = case when j.crashes + 1 >= $1 then 'failed' else 'pending' end,
      crashes = j.crashes + 1, last_error = 'The worker that ran this job was lost.',
      due_at = case when j.crashes + 1 >= $1 then null else now() end, dispatched_at = null,
      completed_at = case when j.crashes + 1 >= $1 then now() end, failed_at = case when j.crashes + 1 >= $1 then now() end,
      updated_at = now()
    from held h where j.id = any(array(select id from open)) and j.id = h.id and j.run = h.run
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.run, j.worker_id, j.state, j.started_at, j.updated_at
  ), attempts as (
    insert into job_attempts (job_id, run, organization_id, worker_id, outcome, error, started_at, finished_at)
    select id, run, organization_id, worker_id, 'lost', 'The worker that ran this job was lost.', started_at, updated_at from changed
  ), moved as (
    select organization_id, queue_name, job_type, 'running' as from_state, state as to_state from changed
  ), counted as (${COUNT_MOVES})
  select id, run, state, organization_id, queue_name, job_type, updated_at from changed`

/** Adds deltas up into the counters and the per-minute series. $1: most deltas at once. Answers how many were added. */
export const ROLL_UP = `
  with gone as (
    delete from job_counter_deltas where id in (select id from job_counter_deltas order by id limit $1 for update skip locked)
    returning organization_id, queue_name, job_type, state, delta, at
  ), totals as (
    insert into job_counters (organization_id, queue_name, job_type, state, count)
    select organization_id, queue_name, job_type, state, sum(delta) from gone group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (organization_id, queue_name, job_type, state) do update set count = job_counters.count + excluded.count
  ), minutes as (
    insert into job_minutes (organization_id, minute, queue_name, job_type, state, entered)
    select organization_id, date_trunc('minute', at), queue_name, job_type, state, sum(delta) from gone where delta > 0 group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
    on conflict (organization_id, minute, queue_name, job_type, state) do update set entered = job_minutes.entered + excluded.entered
  )
  select count(*)::int as added from gone`

/** Takes or renews the lease of a control loop. $1: name, $2: holder, $3: seconds. Answers a row when it is ours. */
export const HOLD_LEASE = `
  insert into control_leases (name, holder, expires_at) values ($1, $2, now() + make_interval(secs => $3))
  on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
  where control_leases.holder = excluded.holder or control_leases.expires_at < now()
  returning name`

/**
 * A worker says that it lives; the claims it knows of live as long, those it has released go.
 * $1: id, $2: host, $3: pid, $4: version, $5: queues, $6: slots, $7: running, $8: lease seconds, $9: held claims, $10: released ones.
 */
export const HEARTBEAT = `
  with beat as (
    insert into workers (id, hostname, pid, version, queues, slots, running) values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (id) do update set running = excluded.running, heartbeat_at = now()
  ), gone as (
    delete from claims where id = any($10::bigint[])
  )
  update claims set expires_at = now() + make_interval(secs => $8)
  where id in (select id from claims where worker_id = $1 and id = any($9::bigint[]) order by id for update)`

/** Keeps the progress of a run. $1: id, $2: run, $3: 0 to 1. */
export const PROGRESS = `update jobs set progress = $3, updated_at = now() where id = $1 and run = $2 and state = 'running'`
