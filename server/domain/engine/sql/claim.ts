import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'
import { heldBack, isLimited } from '#server/domain/engine/sql/queue-gate.ts'

const HELD_BACK = heldBack('j')

/**
 * Claims what is still pending of some envelopes. $1: ids, $2: worker, $3: lease seconds, $4 and $5: lowest and highest id,
 * $6: the claim's own id, made by the worker: asking for it row by row would cost more than the claim's row.
 * A row without a stamp is in the waiting room again: a stale hint does not reach it.
 */
export const CLAIM = `
  with claimed as (
    update jobs j set state = 'running', run = run + 1, worker_id = $2, started_at = now(), completed_at = null, due_at = null, progress = 0, updated_at = now()
    where j.id = any($1::uuid[]) and j.id between $4 and $5 and j.state = 'pending' and j.dispatched_at is not null
      and (j.expires_at is null or j.expires_at > now()) and not ${HELD_BACK}
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.run, j.payload, j.failures, j.crashes, j.max_retries, j.backoff, j.timeout_seconds,
      j.gated, j.ordering_key, j.concurrency_key, j.suspect, j.expires_at is not null as expires,
      least(2147483647, date_part('epoch', now() - case when j.run > 1 then j.dispatched_at when j.scheduled_at is null then j.created_at
        else greatest(j.created_at, least(j.scheduled_at, j.dispatched_at)) end) * 1000)::int as wait_ms
  ), lease as (
    insert into claims (id, worker_id, job_ids, runs, expires_at) overriding system value
    select $6::bigint, $2, array_agg(id), array_agg(run), now() + make_interval(secs => $3) from claimed having count(*) > 0
  ), moved as (
    select organization_id, queue_name, job_type, 'pending' as from_state, 'running' as to_state from claimed
  ), counted as (${COUNT_MOVES})
  select * from claimed`

/** Puts hints that a claim refused for their queue's sake back into the waiting room. $1: ids, $2 and $3: their bounds. */
export const BOUNCE = `
  with bounced as (
    update jobs j set dispatched_at = null, gated = gated or exists (select from queues q where q.organization_id = j.organization_id
      and q.name = j.queue_name and ${isLimited('q')})
    where j.id = any($1::uuid[]) and j.id between $2 and $3 and j.state = 'pending' and j.dispatched_at is not null and ${HELD_BACK}
    returning j.id, j.organization_id, j.job_type, j.queue_name, j.priority, j.gated, j.ordering_key, j.concurrency_key
  ), freed as (
    delete from job_slots where job_id in (select id from bounced where gated) and kind <> 'ordering'
  )
  insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, ordering_key, concurrency_key)
  select id, organization_id, coalesce(job_type, ''), queue_name, priority, true, gated, ordering_key, concurrency_key from bounced order by id
  on conflict (job_id) do nothing`

/** Puts stamped pending jobs back into the waiting room. $1: ids, $2 and $3: their bounds. */
export const BACK = `
  with returned as (
    update jobs set dispatched_at = null where id = any($1::uuid[]) and id between $2 and $3 and state = 'pending' and dispatched_at is not null
    returning id, organization_id, job_type, queue_name, priority, gated, ordering_key, concurrency_key
  ), freed as (
    delete from job_slots where job_id = any(array(select id from returned where gated)) and kind <> 'ordering'
  )
  insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, ordering_key, concurrency_key)
  select id, organization_id, coalesce(job_type, ''), queue_name, priority, true, gated, ordering_key, concurrency_key from returned order by id
  on conflict (job_id) do nothing`
