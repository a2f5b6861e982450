/** Takes or renews the lease of a control loop. $1: name, $2: holder, $3: seconds. Answers a row when it is ours. */
export const HOLD_LEASE = `
  insert into control_leases (name, holder, expires_at) values ($1, $2, now() + make_interval(secs => $3))
  on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
  where control_leases.holder = excluded.holder or control_leases.expires_at < now()
  returning name`

/**
 * A worker says that it lives; the claims it knows of live as long, those it has released go. Answers the jobs of this
 * worker that are to stop, and whether somebody wants it to take no more. $1 to $11, $15 and $16: the worker; $12: lease
 * seconds, $13: held claims, $14: released ones, $17: what its runner says of itself, written
 * when it changed.
 */
export const HEARTBEAT = `
  with beat as (
    insert into workers (id, hostname, pid, version, queues, slots, running, name, status, handler_ms, job_ids, rss_bytes, heap_bytes, runner)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $15, $16, $17)
    on conflict (id) do update set running = excluded.running, queues = excluded.queues, slots = excluded.slots, status = excluded.status,
      handler_ms = excluded.handler_ms, job_ids = excluded.job_ids, rss_bytes = excluded.rss_bytes, heap_bytes = excluded.heap_bytes, runner = case when excluded.runner is distinct from workers.runner then excluded.runner else workers.runner end, heartbeat_at = now()
  ), recorded as (
    -- Once: what its runs are told by when its row is gone.
    insert into worker_records (worker_id, name, hostname, version)
    select $1::uuid, $8::text, $2::text, $4::text where not exists (select from workers where id = $1)
    on conflict (worker_id) do nothing
  ), gone as (
    delete from claims where id = any($14::bigint[])
  ), held as (
    update claims set expires_at = now() + make_interval(secs => $12)
    where id in (select id from claims where worker_id = $1 and id = any($13::bigint[]) order by id for update)
  )
  select array(select job_id from cancel_requests where worker_id = $1) as cancels,
    coalesce((select drain_wanted_at is not null from workers where id = $1), false) as drain`

/** Keeps the progress of a run. $1: id, $2: run, $3: 0 to 1. */
export const PROGRESS = `update jobs set progress = $3, updated_at = now() where id = $1 and run = $2 and state = 'running'`

/** Keeps log lines of runs; a line that is there already stays as it is. $1: jobs, $2: runs, $3: numbers, $4: organizations, $5: times, $6: texts. */
export const LOG = `insert into job_logs (job_id, run, line, organization_id, at, text)
  select * from unnest($1::uuid[], $2::int[], $3::int[], $4::uuid[], $5::timestamptz[], $6::text[]) on conflict do nothing`

/** A worker is gone. $1: worker. */
export const LEAVE = 'delete from workers where id = $1'

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
