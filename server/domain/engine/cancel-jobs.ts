import { pool } from '#server/infra/database.ts'
import { publish } from '#server/infra/live-bus.ts'
import { newId } from '#server/infra/new-id.ts'
import { afterRuns } from '#server/domain/engine/after-runs.ts'
import { detailsOf, nothing, settle, type Change, type Changed, type Queryable } from '#server/domain/engine/change-jobs.ts'
import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'
import { bounds, type EndedJob } from '#server/domain/engine/store.ts'

/** `asked`: it runs, and somebody had asked before. */
export type CancelResult = 'cancelled' | 'cancelling' | 'asked' | 'final'

/**
 * A job that waits is cancelled; one that runs is asked to stop, and whoever runs it, or the reaper, ends it. $1: ids,
 * $2: organization, $3 and $4: bounds, $5: actor, $6: reason, $7: one event id per job, $8: details of the events.
 */
const CANCEL = `
  with before as (
    select id, state from jobs where id = any($1::uuid[]) and id between $3 and $4 and organization_id = $2 order by id for update
  ), ended as (
    update jobs j set state = 'cancelled', completed_at = now(), cancel_requested_at = now(), due_at = null, dispatched_at = null, updated_at = now()
    from before b where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.id = b.id and b.state in ('scheduled', 'blocked', 'pending', 'retrying')
    returning j.id, j.run, j.state, j.organization_id, j.queue_name, j.job_type, j.updated_at, j.gated, j.ordering_key, j.concurrency_key, b.state as from_state
  ), asked as (
    update jobs j set cancel_requested_at = now()
    from before b where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.id = b.id and b.state = 'running' and j.cancel_requested_at is null
    returning j.id, j.worker_id
  ), requests as (
    insert into cancel_requests (job_id, worker_id) select id, worker_id from asked on conflict (job_id) do nothing
  ), unqueued as (
    delete from due_jobs where job_id = any(array(select id from ended))
  ), unexpiring as (
    delete from job_expiries where job_id = any(array(select id from ended))
  ), freed as (
    delete from job_slots where job_id = any(array(select id from ended where gated))
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select event.id, $2, $5, 'job.cancelled', 'job', changed.id::text, $6, $8::jsonb
    from (select id, row_number() over () as n from (select id from ended union all select id from asked) as ids) as changed
    join unnest($7::uuid[]) with ordinality as event(id, n) using (n)
  ), moved as (
    select organization_id, queue_name, job_type, from_state, state as to_state from ended
  ), counted as (${COUNT_MOVES})
  select before.id, before.state as before, before.id in (select id from asked) as asked, ended.run, ended.state, ended.organization_id, ended.queue_name, ended.job_type, ended.updated_at,
    coalesce(ended.gated, false) as gated, ended.ordering_key, ended.concurrency_key
  from before left join ended using (id)`

/** Requests whose job no longer runs: its end and the request crossed. */
const STALE = `
  delete from cancel_requests r where not exists (select from jobs where jobs.id = r.job_id and jobs.state = 'running')`

export async function forgetStaleCancels(): Promise<void> {
  await pool('engine').query(STALE)
}

/**
 * Cancels jobs in any state that is not final. What became of each: `cancelled`, `cancelling` (it runs, and ends within
 * seconds; `asked` when it had been told before), or `final` (it had ended). Unknown ids, and those of other
 * organizations, are absent.
 */
export async function cancelJobs(change: Change): Promise<Map<string, CancelResult>> {
  return settle(() => cancelWithin(pool('engine'), change))
}

/** The same as a part of a transaction. */
export async function cancelWithin(db: Queryable, { organizationId, ids, actor, reason, actionId }: Change): Promise<Changed<Map<string, CancelResult>>> {
  if (ids.length === 0) return nothing(new Map())
  const values = [ids, organizationId, ...bounds(ids), actor, reason ?? null, ids.map(() => newId()), detailsOf(actionId)]
  const { rows } = await db.query<EndedJob & { before: string, asked: boolean }>({ name: 'cancel', text: CANCEL, values })
  const running = rows.filter(row => row.before === 'running')
  return {
    result: new Map(rows.map(row => [row.id, row.state !== null ? 'cancelled' : row.before !== 'running' ? 'final' : row.asked ? 'cancelling' : 'asked'])),
    after: async () => {
      publish('cancels', running.map(row => ({ id: row.id, organization_id: organizationId })))
      await afterRuns(rows.filter(row => row.state !== null))
    },
  }
}
