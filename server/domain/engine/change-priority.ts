import { pool } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { pushToBelt } from '#server/domain/engine/push-to-belt.ts'
import { isJobType } from '#shared/job-types.ts'

const CHANGE = `
  with before as (
    select id, priority, state from jobs where id = $1 and organization_id = $2 and state in ('scheduled', 'blocked', 'pending', 'retrying') for update
  ), changed as (
    update jobs j set priority = $3, updated_at = now() from before b where j.id = $1 and j.id = b.id
    returning j.id, j.job_type, j.dispatched_at, j.gated or j.suspect as alone, b.priority as before
  ), queued as (
    update due_jobs set priority = $3 where job_id in (select id from changed)
  ), told as (
    insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details)
    select $4, $2, $5, 'job.priority_changed', 'job', id::text, $6, jsonb_build_object('before', before, 'after', $3::int) from changed
  )
  select before, job_type, dispatched_at is not null as stamped, alone from changed`

/** Changes the priority (-100 to 100) of a job that waits; null when there is no such job. */
export async function changePriority(options: { organizationId: string, id: string, priority: number, actor: string, reason?: string }): Promise<{ before: number, after: number } | null> {
  const { organizationId, id, priority, actor, reason } = options
  const { rows } = await retryDeadlock(() => pool('engine').query<{ before: number, job_type: string | null, stamped: boolean, alone: boolean }>(
    CHANGE, [id, organizationId, priority, newId(), actor, reason ?? null]))
  const row = rows[0]
  if (!row) return null
  // Its hint is on the belt already: a second one with the new priority overtakes it, and the first finds nothing to claim.
  if (row.stamped && row.job_type !== null && isJobType(row.job_type)) await pushToBelt([{ id, lane: row.job_type, priority, alone: row.alone }])
  return { before: row.before, after: priority }
}
