import { cursorId, toPage, type Page } from '#server/domain/page.ts'
import { jobsOfError } from '#server/domain/engine/find-error-jobs.ts'
import { listJobRows, listTaggedRows, listWholeJobRows, type JobFilter } from '#server/domain/jobs/store.ts'
import { addWaiting } from '#server/domain/jobs/add-waiting.ts'
import { toBespinJob, toSummary } from '#server/domain/jobs/present-job.ts'
import { statesOfBespinStatus, statesOfV1Status, type BespinStatus, type JobState } from '#shared/job-states.ts'
import type { BespinJob, JobSummary, ListJobsQuery } from '#shared/schemas/job.ts'

/**
 * A page of jobs, newest first. `status` and `state` together keep what both allow. With `tag` a page looks through a
 * bounded number of jobs and may come short; its cursor goes on behind them.
 */
export async function listJobs(organizationId: string, query: ListJobsQuery): Promise<Page<JobSummary>> {
  const filter: JobFilter = {
    states: allowedStates(query), queueName: query.queue_name ?? query.queue, jobType: query.job_type,
    idRange: query.q === undefined ? undefined : idRange(query.q), before: cursorId(query.cursor), skip: query.offset, take: query.limit + 1,
  }
  if (query.error_group !== undefined) return explained(organizationId, await listJobsOfError(organizationId, query.error_group, filter))
  if (query.tag === undefined) return explained(organizationId, toPage((await listJobRows(organizationId, filter)).map(toSummary), query.limit))
  const { rows, lookedUntil } = await listTaggedRows(organizationId, { ...filter, tag: toTag(query.tag) })
  const page = toPage(rows.map(toSummary), query.limit)
  return explained(organizationId, { ...page, nextCursor: page.nextCursor ?? lookedUntil })
}

/** Of the jobs that failed with an error, a bounded number of the newest; the cursor goes on behind them. */
async function listJobsOfError(organizationId: string, error: string, filter: JobFilter): Promise<Page<JobSummary>> {
  const { ids, lookedUntil } = await jobsOfError({ organizationId, error, before: filter.before })
  const page = toPage((await listJobRows(organizationId, { ...filter, ids })).map(toSummary), filter.take - 1)
  return { ...page, nextCursor: page.nextCursor ?? lookedUntil }
}

const explained = async (organizationId: string, page: Page<JobSummary>): Promise<Page<JobSummary>> =>
  ({ ...page, rows: await addWaiting(organizationId, page.rows) })

/** The dead letter: failed jobs, newest first. */
export async function listDeadLetter(organizationId: string, query: { queue_name?: string, limit: number, offset?: number, cursor?: string }): Promise<Page<JobSummary>> {
  return listJobs(organizationId, { ...query, state: ['failed'] })
}

/** `key:value`, or a key alone. */
function toTag(text: string): { key: string, value: string | null } {
  const colon = text.indexOf(':')
  return colon < 0 ? { key: text, value: null } : { key: text.slice(0, colon), value: text.slice(colon + 1) }
}

/** The same on the `/api/jobs` paths, with payload and result. */
export async function listBespinJobs(organizationId: string, query: { status?: BespinStatus, type?: string, limit: number, cursor?: string }): Promise<Page<BespinJob>> {
  const filter: JobFilter = { states: query.status && statesOfBespinStatus(query.status), jobType: query.type, before: cursorId(query.cursor), take: query.limit + 1 }
  return toPage((await listWholeJobRows(organizationId, filter)).map(toBespinJob), query.limit)
}

function allowedStates({ status, state }: ListJobsQuery): JobState[] | undefined {
  const ofStatus = status && statesOfV1Status(status)
  if (!ofStatus) return state
  return state ? ofStatus.filter(each => state.includes(each)) : ofStatus
}

/** All ids that begin with these digits (dashes do not count). */
function idRange(beginning: string): [string, string] {
  const digits = beginning.replaceAll('-', '').toLowerCase()
  const dashed = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return [dashed(digits.slice(0, 32).padEnd(32, '0')), dashed(digits.slice(0, 32).padEnd(32, 'f'))]
}
