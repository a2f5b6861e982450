import { pool } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'
import { detailsOf, nothing, settle, tellWaiting, type Change, type Changed, type Queryable } from '#server/domain/engine/change-jobs.ts'
import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'
import { bounds, type ChangedJob } from '#server/domain/engine/store.ts'

/** Ended jobs begin anew, with their counts of failures at zero. $1: ids, $2: organization, $3 and $4: bounds, $5: actor, $6: reason, $7: event ids, $8: details of the events. */
const RETRY = `
  with before as (
    select id, state from jobs where id = any($1::uuid[]) and id between $3 and $4 and organization_id = $2
      and state in ('failed', 'cancelled', 'expired') order by id for update
  ), changed as (
    update jobs j set state = 'pending', failures = 0, crashes = 0, snoozes = 0, completed_at = null, failed_at = null, cancel_requested_at = null,
      expires_at = null, due_at = null, dispatched_at = null, progress = 0, result = null, updated_at = now()
    from before b where j.id = any($1::uuid[]) and j.id between $3 and $4 and j.id = b.id
    returning j.id, j.run, j.state, j.organization_id, j.queue_name, j.job_type, j.updated_at, j.priority, j.gated, j.ordering_key, j.concurrency_key, b.state as from_state
  ), waiting as (
    insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, ordering_key, concurrency_key)
    select id, organization_id, coalesce(job_type, ''), queue_name, priority, true, gated, ordering_key, concurrency_key from changed order by id
    on conflict (job_id) do nothing
  ), forgotten as (
    delete from cancel_requests where job_id = any(array(select id from changed))
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select event.id, $2, $5, 'job.retried', 'job', numbered.id::text, $6, $8::jsonb
    from (select id, row_number() over () as n from changed) as numbered join unnest($7::uuid[]) with ordinality as event(id, n) using (n)
  ), moved as (
    select organization_id, queue_name, job_type, from_state, state as to_state from changed
  ), counted as (${COUNT_MOVES})
  select id, run, state, organization_id, queue_name, job_type, updated_at from changed`

const OLDEST_FAILED = `
  select id from jobs where organization_id = $1 and failed_at is not null and state = 'failed' and ($2::text is null or queue_name = $2)
  order by id limit $3`

/** Runs failed, cancelled or expired jobs again; answers the ids that moved, in the order asked. */
export async function retryJobs(change: Change): Promise<string[]> {
  const moved = await settle(() => retryWithin(pool('engine'), change))
  return change.ids.filter(id => moved.has(id))
}

/** The same as a part of a transaction; answers the ids that moved. */
export async function retryWithin(db: Queryable, { organizationId, ids, actor, reason, actionId }: Change): Promise<Changed<Set<string>>> {
  if (ids.length === 0) return nothing(new Set())
  const values = [ids, organizationId, ...bounds(ids), actor, reason ?? null, ids.map(() => newId()), detailsOf(actionId)]
  const { rows } = await db.query<ChangedJob>({ name: 'retry', text: RETRY, values })
  return { result: new Set(rows.map(row => row.id)), after: () => tellWaiting(rows) }
}

/** The same for the oldest jobs of the dead letter, at most `limit`. */
export async function retryFailed(options: { organizationId: string, queueName?: string, limit: number, actor: string, reason?: string }): Promise<string[]> {
  const { organizationId, queueName, limit, actor, reason } = options
  const { rows } = await pool('engine').query<{ id: string }>(OLDEST_FAILED, [organizationId, queueName ?? null, limit])
  return retryJobs({ organizationId, ids: rows.map(row => row.id), actor, reason })
}
