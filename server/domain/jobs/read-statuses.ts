import { findStatuses } from '#server/domain/jobs/store.ts'
import { toV1Status, type JobState } from '#shared/job-states.ts'
import type { JobStatusRow } from '#shared/schemas/job-action.ts'

/** The status of jobs in the order asked; ids that are not known here are left out. */
export async function readStatuses(organizationId: string, ids: string[]): Promise<JobStatusRow[]> {
  const byId = new Map((await findStatuses(organizationId, ids)).map(row => [row.id, row]))
  return [...new Set(ids)].flatMap((id) => {
    const row = byId.get(id)
    if (!row) return []
    const state = row.state as JobState
    return [{
      id, status: toV1Status(state), state, queue_name: row.queueName, retry_count: row.failures,
      created_at: row.createdAt.toISOString(), completed_at: row.completedAt?.toISOString() ?? null,
    }]
  })
}
