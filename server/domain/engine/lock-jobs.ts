import { bounds } from '#server/domain/engine/store.ts'
import type { Queryable } from '#server/domain/engine/change-jobs.ts'
import type { JobState } from '#shared/job-states.ts'

/** A job as it was before a change: what taking the change back needs. */
export interface LockedJob {
  id: string
  state: JobState
  queue_name: string
  priority: number
  run: number
  due_at: Date | null
  completed_at: Date | null
}

const LOCK = `
  select id, state, queue_name, priority, run, due_at, completed_at from jobs
  where id = any($1::uuid[]) and id between $2 and $3 and organization_id = $4 order by id for update`

/**
 * Holds jobs until the end of the transaction, in the order of their ids, and answers them as they are. Statements that
 * follow see everything that was written before; one that locked and wrote at once would not.
 */
export async function lockJobs(db: Queryable, organizationId: string, ids: string[]): Promise<LockedJob[]> {
  if (ids.length === 0) return []
  const { rows } = await db.query<LockedJob>({ name: 'lock-jobs', text: LOCK, values: [ids, ...bounds(ids), organizationId] })
  return rows
}
