import { AppError } from '#server/domain/app-error.ts'
import { findJob, findJobFacts, type ExactJobRow, type JobFacts } from '#server/domain/jobs/store.ts'

/** One job of an organization. Throws NOT_FOUND, also for another organization's job. */
export async function getJob(organizationId: string, id: string): Promise<ExactJobRow> {
  return await findJob(organizationId, id) ?? refuse(id)
}

/** The same without payload, result and tags, which can be large. */
export async function getJobFacts(organizationId: string, id: string): Promise<JobFacts> {
  return await findJobFacts(organizationId, id) ?? refuse(id)
}

function refuse(id: string): never {
  throw new AppError('NOT_FOUND', `There is no job ${id}. Check the id; finished jobs are kept only for a time.`)
}
