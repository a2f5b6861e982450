import { explainWaiting } from '#server/domain/engine/explain-waiting.ts'
import { glanceAtLanes, lookAtLanes } from '#server/domain/engine/look-at-lanes.ts'
import { readWaitingFacts } from '#server/domain/engine/read-waiting-facts.ts'
import { toJob } from '#server/domain/jobs/present-job.ts'
import { findJob, type ExactJobRow } from '#server/domain/jobs/store.ts'
import { isWaiting } from '#shared/job-states.ts'
import type { Job, JobSummary } from '#shared/schemas/job.ts'

/** Says of each job that neither runs nor is over why it waits: a fixed few queries for all, none when nobody waits. */
export async function addWaiting<T extends JobSummary>(organizationId: string, jobs: T[], look = glanceAtLanes): Promise<T[]> {
  const waiting = jobs.filter(job => isWaiting(job.state))
  if (waiting.length === 0) return jobs
  const reasons = explainWaiting(await readWaitingFacts(organizationId, waiting.map(job => ({ id: job.id, jobType: job.job_type })), look))
  return jobs.map((job) => {
    const why = reasons.get(job.id)
    return why ? { ...job, waiting: why } : job
  })
}

/** A row as a whole `/api/v1` job that says why it waits. One that went on since it was read, so that nothing holds it any more, is read again. */
export async function describeJob(row: ExactJobRow): Promise<Job> {
  const describe = async (read: ExactJobRow) => (await addWaiting(read.organizationId, [toJob(read)], lookAtLanes))[0]!
  const job = await describe(row)
  if (!isWaiting(job.state) || job.waiting) return job
  const later = await findJob(row.organizationId, row.id)
  return later ? describe(later) : job
}
