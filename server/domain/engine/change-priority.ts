import { pool } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'
import { nothing, settle, type Change, type Changed, type Queryable } from '#server/domain/engine/change-jobs.ts'
import { pushToBelt } from '#server/domain/engine/push-to-belt.ts'
import { bounds } from '#server/domain/engine/store.ts'
import { isJobType } from '#shared/job-types.ts'

/** Where a job stands in the sorted ids of $1. */
const N = 'width_bucket(j.id, $1::uuid[])'

/** $1: ids in order, $2: organization, $3 and $4: bounds, $5: the priority of each, $6: actor, $7: reason, $8: event ids, $9: action. */
const CHANGE = `
  with before as (
    select id, priority from jobs where id = any($1::uuid[]) and id between $3 and $4 and organization_id = $2
      and state in ('scheduled', 'blocked', 'pending', 'retrying') order by id for update
  ), changed as (
    update jobs j set priority = ($5::smallint[])[${N}], updated_at = now() from before b where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.id = b.id
    returning j.id, j.job_type, j.dispatched_at, j.gated or j.suspect as alone, b.priority as before, j.priority as after, ${N} as n
  ), queued as (
    update due_jobs j set priority = ($5::smallint[])[width_bucket(j.job_id, $1::uuid[])] where j.job_id = any(array(select id from changed))
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select ($8::uuid[])[n], $2, $6, 'job.priority_changed', 'job', id::text, $7,
      jsonb_strip_nulls(jsonb_build_object('before', before, 'after', after, 'action_id', $9::text)) from changed
  )
  select id, before, after, job_type, dispatched_at is not null as stamped, alone from changed`

interface Row { id: string, before: number, after: number, job_type: string | null, stamped: boolean, alone: boolean }
export interface PriorityChange { before: number, after: number }

/** Changes the priority (-100 to 100) of a job that waits; null when there is no such job. */
export async function changePriority({ id, priority, ...change }: Omit<Change, 'ids'> & { id: string, priority: number }): Promise<PriorityChange | null> {
  const changed = await settle(() => changePriorityWithin(pool('engine'), { ...change, ids: [id], priorities: [priority] }))
  return changed.get(id) ?? null
}

/** The same for many waiting jobs as a part of a transaction, with a priority for each. `ids` must be in order. Those that do not wait are absent. */
export async function changePriorityWithin(db: Queryable, change: Change & { priorities: number[] }): Promise<Changed<Map<string, PriorityChange>>> {
  const { organizationId, ids, priorities, actor, reason, actionId } = change
  if (ids.length === 0) return nothing(new Map())
  const values = [ids, organizationId, ...bounds(ids), priorities, actor, reason ?? null, ids.map(() => newId()), actionId ?? null]
  const { rows } = await db.query<Row>({ name: 'priority', text: CHANGE, values })
  return {
    result: new Map(rows.map(({ id, before, after }) => [id, { before, after }])),
    // Their hints are on the belt already: a second one with the new priority overtakes the first, which then finds nothing to claim.
    after: () => pushToBelt(rows.flatMap(({ id, job_type: lane, after, alone, stamped }) => (stamped && lane !== null && isJobType(lane) ? [{ id, lane, priority: after, alone }] : []))),
  }
}
