import { AppError } from '#server/domain/app-error.ts'
import { findJob, type ExactJobRow } from '#server/domain/jobs/store.ts'

/** One job of an organization. Throws NOT_FOUND, also for another organization's job. */
export async function getJob(organizationId: string, id: string): Promise<ExactJobRow> {
  const row = await findJob(organizationId, id)
  if (!row) throw new AppError('NOT_FOUND', `There is no job ${id}. Check the id; finished jobs are kept only for a time.`)
  return row
}
