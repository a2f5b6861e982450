import { pool } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'
import type { Change, Queryable } from '#server/domain/engine/change-jobs.ts'
import { bounds } from '#server/domain/engine/store.ts'

const CHOOSE = `
  select id from jobs where organization_id = $1 and failed_at is not null and state = 'failed' and ($2::text is null or queue_name = $2)
    and ($3::timestamptz is null or failed_at < $3) order by id limit $4`

/** Deletes ended jobs and what belongs to them, their idempotency keys too; the counters lose them. $1: ids, $2: organization, $3: bounds. */
const DELETE_ENDED = `
  with gone as (
    delete from jobs where id = any($1::uuid[]) and id between $3 and $4 and organization_id = $2 and state in ('completed', 'failed', 'cancelled', 'expired')
    returning id, organization_id, queue_name, job_type, state, idempotency_key
  ), keys as (
    delete from idempotency_keys where organization_id = $2 and key = any(array(select idempotency_key from gone where idempotency_key is not null))
      and job_id = any(array(select id from gone))
  ), attempts as (
    delete from job_attempts where job_id = any(array(select id from gone))
  ), logs as (
    delete from job_logs where job_id = any(array(select id from gone))
  ), links as (
    delete from job_links where job_id = any(array(select id from gone))
  ), counted as (
    insert into job_counter_deltas (organization_id, queue_name, job_type, state, delta)
    select organization_id, queue_name, coalesce(job_type, ''), state, -count(*) from gone group by 1, 2, 3, 4
  )
  select id from gone`

/** Deletes jobs of the dead letter, oldest first, at most `limit`; answers how many. */
export async function purgeFailed(options: { organizationId: string, queueName?: string, olderThan?: string, limit: number, actor: string, reason?: string }): Promise<number> {
  const { organizationId, queueName, olderThan, limit, actor, reason } = options
  const { rows } = await pool('engine').query<{ id: string }>(CHOOSE, [organizationId, queueName ?? null, olderThan ?? null, limit])
  const deleted = await deleteEnded(organizationId, rows.map(row => row.id))
  if (deleted > 0) {
    await pool('engine').query(`insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details) values ($1, $2, $3, 'job.purged', 'queue', $4, $5, $6)`,
      [newId(), organizationId, actor, queueName ?? '*', reason ?? null, JSON.stringify({ count: deleted, older_than: olderThan ?? null })])
  }
  return deleted
}

/** Deletes those of an organization's jobs that have ended; answers how many. */
export async function deleteEnded(organizationId: string, ids: string[]): Promise<number> {
  return (await deleteWithin(pool('engine'), { organizationId, ids })).size
}

/** The same as a part of a transaction; answers which. */
export async function deleteWithin(db: Queryable, { organizationId, ids }: Pick<Change, 'organizationId' | 'ids'>): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await db.query<{ id: string }>(DELETE_ENDED, [ids, organizationId, ...bounds(ids)])
  return new Set(rows.map(row => row.id))
}
