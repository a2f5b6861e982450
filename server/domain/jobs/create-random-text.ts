import { createJob } from '#server/domain/jobs/create-job.ts'
import { CreateJobBody } from '#shared/schemas/job.ts'

/** Creates a `random-text` job and answers its id under the three names its clients read. */
export async function createRandomText(organizationId: string, input: { length?: number, seed?: string | number }) {
  const { id } = await createJob(organizationId, CreateJobBody.parse({ job_type: 'random-text', payload: input }))
  return { id, job_id: id, jobId: id, status: 'pending' as const }
}
