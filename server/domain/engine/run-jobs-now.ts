import { pool } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'
import { bounds, type ChangedJob } from '#server/domain/engine/store.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'

/**
 * Jobs that wait for a time become pending at once; keys, limits and pauses hold for them as for all others. $1: ids,
 * $2: organization, $3 and $4: bounds, $5: actor, $6: reason, $7: one event id per job.
 */
const RUN_NOW = `
  with before as (
    select id, state, due_at from jobs where id = any($1::uuid[]) and id between $3 and $4 and organization_id = $2
      and state in ('scheduled', 'retrying') order by id for update
  ), woken as (
    update due_jobs set ready = true, due_at = null where job_id = any(array(select id from before))
  ), changed as (
    update jobs j set state = 'pending', due_at = null, updated_at = now() from before b
    where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.id = b.id
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.run, j.state, j.updated_at, b.state as from_state, b.due_at as was_due
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select event.id, $2, $5, 'job.run_now', 'job', numbered.id::text, $6, jsonb_build_object('from', from_state, 'due_at', was_due)
    from (select *, row_number() over () as n from changed) as numbered join unnest($7::uuid[]) with ordinality as event(id, n) using (n)
  ), moved as (
    select organization_id, queue_name, job_type, from_state, state as to_state from changed
  ), counted as (${COUNT_MOVES})
  select id, run, state, organization_id, queue_name, job_type, updated_at from changed`

/** Lets scheduled and retrying jobs go without their wait; answers the ids that moved. Others, and other organizations', stay. */
export async function runJobsNow({ organizationId, ids, actor, reason }: { organizationId: string, ids: string[], actor: string, reason?: string }): Promise<string[]> {
  if (ids.length === 0) return []
  const values = [ids, organizationId, ...bounds(ids), actor, reason ?? null, ids.map(() => newId())]
  const { rows } = await retryDeadlock(() => pool('engine').query<ChangedJob>({ name: 'run-now', text: RUN_NOW, values }))
  tellChanges(rows)
  if (rows.length > 0) wakeDispatcher()
  return rows.map(row => row.id)
}
