import { withTenant, type Prisma } from '#server/infra/database.ts'

/** How many of the next older jobs one request looks through for a success: kinds have no index, and this bounds the wait. */
export const SUCCESS_LOOK_BACK = 20_000

/** The newest job older than `id` of this type and queue that completed, among the next older ones; null when there is none. */
export async function findLastSuccess(organizationId: string, { id, queueName, jobType }: { id: string, queueName: string, jobType: string | null }): Promise<string | null> {
  const rows = await withTenant(organizationId, tx => tx.$queryRaw<{ id: string }[]>`
    select id from (
      select id, state, queue_name, job_type from jobs where organization_id = ${organizationId}::uuid and id < ${id}::uuid order by id desc limit ${SUCCESS_LOOK_BACK}) as older
    where state = 'completed' and queue_name = ${queueName} and job_type is not distinct from ${jobType}::text order by id desc limit 1`)
  return rows[0]?.id ?? null
}

export type LinkRow = Prisma.JobLinkGetPayload<object>

/** The links from a job up to the first of its chain, nearest first, at most `take`. */
export function listOriginRows(organizationId: string, id: string, take: number): Promise<LinkRow[]> {
  return withTenant(organizationId, async (tx) => {
    const found = await tx.$queryRaw<{ job_id: string }[]>`
      with recursive chain as (
        select job_id, origin_id, 1 as step from job_links where job_id = ${id}::uuid and organization_id = ${organizationId}::uuid
        union all
        select l.job_id, l.origin_id, step + 1 from chain c join job_links l on l.job_id = c.origin_id and l.organization_id = ${organizationId}::uuid where step < ${take}
      ) select job_id from chain order by step`
    const rows = await tx.jobLink.findMany({ where: { organizationId, jobId: { in: found.map(row => row.job_id) } } })
    return found.flatMap(({ job_id: jobId }) => rows.find(row => row.jobId === jobId) ?? [])
  })
}

/** The links of jobs made from a job, newest first. */
export function listCopyRows(organizationId: string, id: string, take: number): Promise<LinkRow[]> {
  return withTenant(organizationId, tx => tx.jobLink.findMany({ where: { organizationId, originId: id }, orderBy: { jobId: 'desc' }, take }))
}

/** Jobs by id without payload, result and tags; those that are gone are left out. */
export async function findJobs(organizationId: string, ids: string[]) {
  if (ids.length === 0) return new Map<string, never>()
  const sorted = ids.toSorted()
  const where = { organizationId, id: { in: ids, gte: sorted[0], lte: sorted.at(-1) } }
  const rows = await withTenant(organizationId, tx => tx.job.findMany({ where, omit: { payload: true, result: true, tags: true } }))
  return new Map(rows.map(row => [row.id, row]))
}
