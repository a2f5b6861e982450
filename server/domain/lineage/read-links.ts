import { getJobFacts } from '#server/domain/jobs/get-job.ts'
import { toSummary } from '#server/domain/jobs/present-job.ts'
import { findJobs, listCopyRows, listOriginRows, type LinkRow } from '#server/domain/lineage/store.ts'
import type { JobLink, JobLinks } from '#shared/schemas/job-link.ts'

const MOST = 50

/** The chain a job stands in: what it was made from, first one first, and what was made from it. Throws NOT_FOUND. */
export async function readLinks(organizationId: string, id: string): Promise<JobLinks> {
  await getJobFacts(organizationId, id)
  const [up, down] = await Promise.all([listOriginRows(organizationId, id, MOST), listCopyRows(organizationId, id, MOST)])
  const jobs = await findJobs(organizationId, [...up.map(link => link.originId), ...down.map(link => link.jobId)])
  const present = (jobId: string, link: LinkRow | undefined): JobLink => {
    const row = jobs.get(jobId)
    return {
      id: jobId, origin_id: link?.originId ?? null, job: row === undefined ? null : toSummary(row),
      actor: link?.actor ?? null, reason: link?.reason ?? null, linked_at: link?.createdAt.toISOString() ?? null,
    }
  }
  // Each link up names an origin; how that one came to be is told by the next link.
  const origins = up.map((link, index) => present(link.originId, up[index + 1])).reverse()
  return { origins, copies: down.map(link => present(link.jobId, link)) }
}
