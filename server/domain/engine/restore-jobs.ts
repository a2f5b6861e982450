import { newId } from '#server/infra/new-id.ts'
import { detailsOf, nothing, tellWaiting, type Change, type Changed, type Queryable } from '#server/domain/engine/change-jobs.ts'
import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'
import { bounds, type ChangedJob } from '#server/domain/engine/store.ts'
import type { JobState } from '#shared/job-states.ts'

/** Where a job stands in the sorted ids of $1. */
const N = 'width_bucket(j.id, $1::uuid[])'

/**
 * Cancelled jobs wait again as they did before. A time that has passed meanwhile is due at once; one that expires does
 * so. $1: ids in order, $2: organization, $3 and $4: bounds, $5: the state of each, $6: when each is due, $7: actor,
 * $8: reason, $9: event ids, $10: details of the events.
 */
const RESTORE = `
  with changed as (
    update jobs j set state = ($5::text[])[${N}], due_at = ($6::timestamptz[])[${N}], completed_at = null, cancel_requested_at = null, dispatched_at = null, updated_at = now()
    where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.organization_id = $2 and j.state = 'cancelled'
    returning j.id, j.run, j.state, j.organization_id, j.queue_name, j.job_type, j.updated_at, j.priority, j.gated, j.ordering_key, j.concurrency_key, j.due_at,
      j.expires_at, ${N} as n
  ), waiting as (
    insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, due_at, ordering_key, concurrency_key)
    select id, organization_id, coalesce(job_type, ''), queue_name, priority, state = 'pending', gated, case when state <> 'pending' then due_at end,
      ordering_key, concurrency_key
    from changed order by id
    on conflict (job_id) do nothing
  ), expiring as (
    insert into job_expiries (job_id, organization_id, expires_at) select id, organization_id, expires_at from changed where expires_at is not null on conflict (job_id) do nothing
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select ($9::uuid[])[n], $2, $7, 'job.restored', 'job', id::text, $8, $10::jsonb from changed
  ), moved as (
    select organization_id, queue_name, job_type, 'cancelled' as from_state, state as to_state from changed
  ), counted as (${COUNT_MOVES})
  select id, run, state, organization_id, queue_name, job_type, updated_at from changed`

/** How a cancelled job waited before. */
export interface WaitedAs { state: Extract<JobState, 'scheduled' | 'blocked' | 'pending' | 'retrying'>, dueAt: string | null }

/**
 * Takes back that waiting jobs were cancelled, as a part of a transaction that has locked them and seen that they are
 * still as the cancel left them. `ids` must be in order, `waited` tells of each. Answers the ids that wait again.
 */
export async function restoreWithin(db: Queryable, change: Change & { waited: WaitedAs[] }): Promise<Changed<Set<string>>> {
  const { organizationId, ids, waited, actor, reason, actionId } = change
  if (ids.length === 0) return nothing(new Set())
  const values = [
    ids, organizationId, ...bounds(ids), waited.map(each => each.state), waited.map(each => each.dueAt), actor, reason ?? null, ids.map(() => newId()), detailsOf(actionId),
  ]
  const { rows } = await db.query<ChangedJob>({ name: 'restore', text: RESTORE, values })
  return { result: new Set(rows.map(row => row.id)), after: () => tellWaiting(rows) }
}
