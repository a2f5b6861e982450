import { cursorId, toPage, type Page } from '#server/domain/page.ts'
import { jobsOfError } from '#server/domain/engine/find-error-jobs.ts'
import { addWaiting } from '#server/domain/jobs/add-waiting.ts'
import { jobCondition, type JobCondition, type JobSearchFilter } from '#server/domain/jobs/job-condition.ts'
import { judgeJobs, searchJobs } from '#server/domain/jobs/search-jobs.ts'
import { listSummaries, listWholeJobRows, type JobFilter } from '#server/domain/jobs/store.ts'
import { toBespinJob, toSummary } from '#server/domain/jobs/present-job.ts'
import { statesOfBespinStatus, statesOfV1Status, type BespinStatus, type JobState } from '#shared/job-states.ts'
import type { BespinJob, JobSummary, ListJobsQuery } from '#shared/schemas/job.ts'
import { printTerm, type SearchTerm } from '#shared/search-terms.ts'

/** A page of a search: how it was found, beside what. */
export interface JobPage extends Page<JobSummary> {
  /** What no index answers, in words of the language; each job in question was looked at for it. */
  scans: string[]
  looked: number
  /** When the last job that was looked at had been made, if older ones remain to look at; `nextCursor` goes on there. */
  lookedUntil: string | null
}

/**
 * A page of jobs, newest first; all that the query names must fit. What no index answers is looked for through a bounded
 * number of jobs: such a page may come short, and its cursor goes on behind them. Throws VALIDATION_ERROR.
 */
export async function listJobs(organizationId: string, query: ListJobsQuery): Promise<JobPage> {
  const condition = jobCondition(toFilter(query))
  const before = cursorId(query.cursor)
  if (condition.errorGroup !== null) return listJobsOfError(organizationId, { error: condition.errorGroup, condition, before, limit: query.limit })
  const { ids, looked, lookedUntil } = await searchJobs(organizationId, condition, { before, skip: query.offset, take: query.limit + 1 })
  const page = await summaries(organizationId, ids, query.limit)
  const isPartial = page.nextCursor === null && lookedUntil !== null
  return { rows: page.rows, nextCursor: isPartial ? lookedUntil : page.nextCursor, scans: condition.scans, looked, lookedUntil: isPartial ? timeOf(lookedUntil) : null }
}

/** What a list is filtered by, as the search that says the same. */
export function toFilter(query: Pick<ListJobsQuery, 'q' | 'tag' | 'state' | 'status' | 'queue_name' | 'queue' | 'job_type' | 'error_group'>): JobSearchFilter {
  const parts = [query.q, query.tag === undefined ? undefined : tagSearch(query.tag)].filter(part => part !== undefined)
  return { q: parts.join(' '), states: allowedStates(query), queueName: query.queue_name ?? query.queue, jobType: query.job_type, errorGroup: query.error_group }
}

/** `key`, or `key:value` with the value as text, as a number or as what it means else. */
function tagSearch(text: string): string {
  const colon = text.indexOf(':')
  const [path, value] = colon < 0 ? [[], text] : [[text.slice(0, colon)], text.slice(colon + 1)]
  const isPlain = /^[^\s,"*<>]+$/u.test(value) && !value.includes('..') && path.length > 0
  const term: SearchTerm = { negated: false, field: 'tag', path, values: [{ kind: 'is', text: value, quoted: !isPlain }], at: 0, valueAt: 0, end: 0 }
  return printTerm(term)
}

/** A UUIDv7 begins with its time. */
const timeOf = (id: string): string => new Date(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toISOString()

/** Of the jobs that failed with an error, a bounded number of the newest; the cursor goes on behind them. */
async function listJobsOfError(organizationId: string, { error, condition, before, limit }: { error: string, condition: JobCondition, before?: string, limit: number }): Promise<JobPage> {
  const { ids, lookedUntil } = await jobsOfError({ organizationId, error, before })
  const page = await summaries(organizationId, await judgeJobs(organizationId, condition, ids), limit)
  return { ...page, nextCursor: page.nextCursor ?? lookedUntil, scans: [], looked: 0, lookedUntil: null }
}

async function summaries(organizationId: string, ids: string[], limit: number): Promise<Page<JobSummary>> {
  const page = toPage((await listSummaries(organizationId, ids)).map(toSummary), limit)
  return { ...page, rows: await addWaiting(organizationId, page.rows) }
}

/** The dead letter: failed jobs, newest first. */
export async function listDeadLetter(organizationId: string, query: { queue_name?: string, limit: number, offset?: number, cursor?: string }): Promise<Page<JobSummary>> {
  return listJobs(organizationId, { ...query, state: ['failed'] })
}

/** The same on the `/api/jobs` paths, with payload and result. */
export async function listBespinJobs(organizationId: string, query: { status?: BespinStatus, type?: string, limit: number, cursor?: string }): Promise<Page<BespinJob>> {
  const filter: JobFilter = { states: query.status && statesOfBespinStatus(query.status), jobType: query.type, before: cursorId(query.cursor), take: query.limit + 1 }
  return toPage((await listWholeJobRows(organizationId, filter)).map(toBespinJob), query.limit)
}

function allowedStates({ status, state }: Pick<ListJobsQuery, 'status' | 'state'>): JobState[] | undefined {
  const ofStatus = status && statesOfV1Status(status)
  if (!ofStatus) return state
  return state ? ofStatus.filter(each => state.includes(each)) : ofStatus
}
