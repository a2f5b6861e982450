import { newId } from '#server/infra/new-id.ts'
import { nothing, type Change, type Changed, type Queryable } from '#server/domain/engine/change-jobs.ts'
import { unparkFirst, type FreedKey } from '#server/domain/engine/dispatch-gated.ts'
import { bounds, type ChangedJob } from '#server/domain/engine/store.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'

/** Where a job stands in the sorted ids of $1. */
const N = 'width_bucket(j.id, $1::uuid[])'

/**
 * Waiting jobs go to other queues: what they hold in the old one is given back, and all of them wait for their turn
 * anew, under the rules of the new one. A hint on the belt finds a row without a stamp and is dropped. The counters of
 * both queues move; nothing was created. $1: ids in order, $2: organization, $3 and $4: bounds, $5: the queue of each,
 * $6: actor, $7: reason, $8: event ids, $9: action.
 */
const MOVE = `
  with before as (
    select j.id, j.queue_name from jobs j where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.organization_id = $2
      and j.state in ('scheduled', 'blocked', 'pending', 'retrying') and j.queue_name <> ($5::text[])[${N}] order by j.id for update
  ), changed as (
    update jobs j set queue_name = ($5::text[])[${N}], dispatched_at = null, updated_at = now(),
      gated = j.ordering_key is not null or j.concurrency_key is not null or exists (select from queues q
        where q.organization_id = $2 and q.name = ($5::text[])[${N}] and (q.concurrency is not null or q.rate_limit is not null))
    from before b where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.id = b.id
    returning j.id, j.run, j.state, j.organization_id, j.queue_name, j.job_type, j.priority, j.updated_at, j.due_at, j.gated, j.ordering_key, j.concurrency_key,
      b.queue_name as left_queue, ${N} as n
  ), requeued as (
    update due_jobs d set queue_name = c.queue_name, gated = c.gated, ready = c.state = 'pending', waits_for = null
    from changed c where d.job_id = any(array(select id from changed)) and d.job_id = c.id
    returning d.job_id
  ), waiting as (
    insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, due_at, ordering_key, concurrency_key)
    select id, organization_id, coalesce(job_type, ''), queue_name, priority, state = 'pending', gated, case when state <> 'pending' then due_at end,
      ordering_key, concurrency_key
    from changed where not id = any(array(select job_id from requeued)) order by id
    on conflict (job_id) do nothing
  ), freed as (
    delete from job_slots where job_id = any(array(select id from changed)) returning organization_id, queue_name, kind || ':' || key as waits_for, kind
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select ($8::uuid[])[n], $2, $6, 'job.moved', 'job', id::text, $7,
      jsonb_strip_nulls(jsonb_build_object('before', left_queue, 'after', queue_name, 'action_id', $9::text)) from changed
  ), counted as (
    insert into job_counter_deltas (organization_id, queue_name, job_type, state, delta)
    select organization_id, step.queue_name, coalesce(job_type, ''), state, sum(step.delta) from changed
    cross join lateral (values (left_queue, -1), (queue_name, 1)) as step(queue_name, delta) group by 1, 2, 3, 4, step.delta
  )
  select id, run, state, organization_id, queue_name, job_type, updated_at,
    (select coalesce(jsonb_agg(distinct jsonb_build_object('organization_id', organization_id, 'queue_name', queue_name, 'waits_for', waits_for)), '[]')
      from freed where kind <> 'queue') as freed
  from changed`

/**
 * Moves waiting jobs to other queues (of the same organization) as a part of a transaction that has locked them. `ids`
 * must be in order, `queueNames` says where each goes. Answers the ids moved: those that run, are over or are there
 * already are absent.
 */
export async function moveWithin(db: Queryable, change: Change & { queueNames: string[] }): Promise<Changed<Set<string>>> {
  const { organizationId, ids, queueNames, actor, reason, actionId } = change
  if (ids.length === 0) return nothing(new Set())
  const values = [ids, organizationId, ...bounds(ids), queueNames, actor, reason ?? null, ids.map(() => newId()), actionId ?? null]
  const { rows } = await db.query<ChangedJob & { freed: FreedKey[] }>({ name: 'move', text: MOVE, values })
  return {
    result: new Set(rows.map(row => row.id)),
    after: async () => {
      tellChanges(rows)
      const freed = rows[0]?.freed ?? []
      if (freed.length > 0) await unparkFirst(freed)
      if (rows.length > 0) wakeDispatcher()
    },
  }
}
