import { AppError } from '#server/domain/app-error.ts'
import { cancelJobs } from '#server/domain/engine/cancel-jobs.ts'
import { changePriority } from '#server/domain/engine/change-priority.ts'
import { retryJobs } from '#server/domain/engine/retry-jobs.ts'
import { runJobsNow } from '#server/domain/engine/run-jobs-now.ts'
import { describeJob } from '#server/domain/jobs/add-waiting.ts'
import { getJob } from '#server/domain/jobs/get-job.ts'
import type { ExactJobRow } from '#server/domain/jobs/store.ts'

/** What somebody does to one job; it stands on the job's timeline. */
export interface JobAction { organizationId: string, id: string, actor: string, reason?: string }

/**
 * Cancels a job that is not over and answers it; a running one is told to stop and ends soon after. Throws NOT_FOUND,
 * and CONFLICT for a job that is over.
 */
export async function cancelJob({ id, ...action }: JobAction): Promise<ExactJobRow> {
  const outcome = (await cancelJobs({ ...action, ids: [id] })).get(id)
  const row = await getJob(action.organizationId, id)
  if (outcome === undefined || outcome === 'final') throw new AppError('CONFLICT', `Job ${id} is over (${row.state}); there is nothing to cancel.`)
  return row
}

/** Runs a failed, cancelled or expired job again and answers it. Throws NOT_FOUND, and CONFLICT for any other state. */
export async function retryJob({ id, ...action }: JobAction): Promise<ExactJobRow> {
  const moved = await retryJobs({ ...action, ids: [id] })
  const row = await getJob(action.organizationId, id)
  if (moved.length === 0) throw new AppError('CONFLICT', `Job ${id} is ${row.state}; only a failed, cancelled or expired job can be run again.`)
  return row
}

/**
 * Lets a scheduled or retrying job go without its wait and answers it; keys, limits and pauses hold all the same. Throws
 * NOT_FOUND, and CONFLICT for a job that waits for no time.
 */
export async function runJobNow({ id, ...action }: JobAction): Promise<ExactJobRow> {
  const moved = await runJobsNow({ ...action, ids: [id] })
  const row = await getJob(action.organizationId, id)
  if (moved.length > 0) return row
  const { waiting } = await describeJob(row)
  const why = waiting ? `it waits for no time: ${waiting.text}` : 'only a scheduled or retrying job can be run now.'
  throw new AppError('CONFLICT', `Job ${id} is ${row.state}; ${why}`)
}

/** Changes the priority of a waiting job. Throws NOT_FOUND, and CONFLICT for a job that runs or is over. */
export async function changeJobPriority({ priority, ...action }: JobAction & { priority: number }) {
  const changed = await changePriority({ ...action, priority })
  if (changed) return { job_id: action.id, old_priority: changed.before, new_priority: changed.after }
  const row = await getJob(action.organizationId, action.id)
  throw new AppError('CONFLICT', `Job ${action.id} is ${row.state}; only the priority of a waiting job can be changed.`)
}
