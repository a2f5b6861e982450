import { asRawJson } from '#server/infra/exact-json.ts'
import { withTenant, withTenantSql, type Prisma } from '#server/infra/database.ts'
import { stepOf } from '#server/domain/engine/read-minutes.ts'
import type { JobState } from '#shared/job-states.ts'
import type { Json } from '#shared/schemas/primitives.ts'

const SUMMARY = {
  id: true, queueName: true, jobType: true, state: true, priority: true, run: true, failures: true, crashes: true, maxRetries: true, progress: true,
  lastError: true, createdAt: true, scheduledAt: true, startedAt: true, completedAt: true, dueAt: true, expiresAt: true, cancelRequestedAt: true,
  updatedAt: true,
} satisfies Prisma.JobSelect
export type JobSummaryRow = Prisma.JobGetPayload<{ select: typeof SUMMARY }>
export type JobRow = Prisma.JobGetPayload<object>
/** A job whose payload, result and tags are written out digit for digit. */
export type ExactJobRow = Omit<JobRow, 'payload' | 'result' | 'tags'> & { payload: unknown, result: unknown, tags: unknown }
export type AttemptRow = Prisma.JobAttemptGetPayload<object>
export type LogRow = Prisma.JobLogGetPayload<object>
export type EventRow = Prisma.EventGetPayload<object>

export interface JobFilter {
  states?: JobState[]
  jobType?: string
  /** Only ids below (older than) this one. */
  before?: string
  take: number
}

/** Jobs of an organization, newest first, with payload and result. */
export function listWholeJobRows(organizationId: string, filter: JobFilter): Promise<JobRow[]> {
  return withTenant(organizationId, tx => tx.job.findMany({ where: toWhere(organizationId, filter), orderBy: { id: 'desc' }, take: filter.take }))
}

const SUMMARY_COLUMNS = Object.keys(SUMMARY).map(name => `${name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)} as "${name}"`).join(', ')

/** Summaries of these jobs, newest first; the ids come in that order. Read at each look at a list, so without Prisma's three milliseconds. */
export async function listSummaries(organizationId: string, ids: string[]): Promise<JobSummaryRow[]> {
  if (ids.length === 0) return []
  const text = `select ${SUMMARY_COLUMNS} from jobs where organization_id = $1 and id = any($2::uuid[]) and id >= $3 and id <= $4 order by id desc`
  return withTenantSql(organizationId, async client => (await client.query<JobSummaryRow>(text, [organizationId, ids, ids.at(-1), ids[0]])).rows)
}

function toWhere(organizationId: string, filter: JobFilter): Prisma.JobWhereInput {
  const { states, jobType, before } = filter
  const onlyFailed = states?.length === 1 && states[0] === 'failed'
  return {
    organizationId, jobType,
    ...(states && { state: { in: states } }),
    // The partial index on failed jobs is found through failed_at.
    ...(onlyFailed && { failedAt: { not: null } }),
    id: { lt: before },
  }
}

export function findJob(organizationId: string, id: string): Promise<ExactJobRow | null> {
  return withTenant(organizationId, async (tx) => {
    const row = await tx.job.findFirst({ where: { id, organizationId }, omit: { payload: true, result: true, tags: true } })
    // Prisma parses JSON and so rounds large numbers; the text does not.
    const [json] = await tx.$queryRaw<{ payload: string, result: string | null, tags: string | null }[]>`
      select payload::text, result::text, tags::text from jobs where id = ${id}::uuid and organization_id = ${organizationId}::uuid`
    return row && json ? { ...row, payload: asRawJson(json.payload), result: asRawJson(json.result), tags: asRawJson(json.tags) } : null
  })
}

/** The same without payload, result and tags. */
export type JobFacts = Omit<JobRow, 'payload' | 'result' | 'tags'>
export function findJobFacts(organizationId: string, id: string): Promise<JobFacts | null> {
  return withTenant(organizationId, tx => tx.job.findFirst({ where: { id, organizationId }, omit: { payload: true, result: true, tags: true } }))
}

export interface StateCount { queueName: string, jobType: string, state: JobState, count: number }

/** Counts by queue, type and state: the rolled-up counters plus the deltas not yet added, in one snapshot. */
export function countByState(organizationId: string): Promise<StateCount[]> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ queue_name: string, job_type: string, state: JobState, count: bigint }[]>`
      select queue_name, job_type, state, sum(count)::bigint as count from (
        select queue_name, job_type, state, count from job_counters where organization_id = ${organizationId}::uuid
        union all
        select queue_name, job_type, state, delta from job_counter_deltas where organization_id = ${organizationId}::uuid
      ) as parts where state <> 'created' group by 1, 2, 3 having sum(count) <> 0`
    return rows.map(row => ({ queueName: row.queue_name, jobType: row.job_type, state: row.state, count: Number(row.count) }))
  })
}

export interface StepCount { step: number, state: JobState | 'created', entered: number }

/** How many jobs, of one queue or all, entered a state per step of `stepSeconds`, counted from `from`. */
export function countEntered(options: { organizationId: string, from: Date, stepSeconds: number, queueName?: string }): Promise<StepCount[]> {
  const { organizationId, from, stepSeconds, queueName = null } = options
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ at: Date, state: StepCount['state'], entered: bigint }[]>`
      select date_bin(make_interval(secs => ${stepSeconds}::int), minute, ${from}::timestamptz) as at, state, sum(entered)::bigint as entered from (
        select minute, state, queue_name, entered from job_minutes where organization_id = ${organizationId}::uuid and minute >= ${from}
        union all
        select date_trunc('minute', at), state, queue_name, delta from job_counter_deltas where organization_id = ${organizationId}::uuid and delta > 0 and at >= ${from}
      ) as parts where queue_name = coalesce(${queueName}::text, queue_name) group by 1, 2`
    return rows.map(row => ({ step: stepOf(row.at, { from, stepSeconds }), state: row.state, entered: Number(row.entered) }))
  })
}

/** Mean waiting and processing time of the finished ones of the newest thousand jobs, of one queue or all, in milliseconds; null without any. */
export function meanTimes(organizationId: string, queueName?: string): Promise<{ wait: number | null, processing: number | null }> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ wait: number | null, processing: number | null }[]>`
      select (avg(extract(epoch from started_at - least(started_at, coalesce(scheduled_at, created_at)))) * 1000)::float as wait,
        (avg(extract(epoch from completed_at - started_at)) * 1000)::float as processing
      from (select * from jobs where organization_id = ${organizationId}::uuid order by id desc limit 1000) as newest
      where completed_at is not null and queue_name = coalesce(${queueName ?? null}::text, queue_name)`
    return rows[0] ?? { wait: null, processing: null }
  })
}

export interface ResultRow { id: string, result: Json, cut: boolean, lastError: string | null }

/** Results and errors of jobs; a result whose JSON has more than `maxBytes` comes as its first characters. */
export function findResults(organizationId: string, ids: string[], maxBytes: number): Promise<ResultRow[]> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ id: string, result: Json, cut_text: string | null, last_error: string | null }[]>`
      select id, last_error,
        case when octet_length(result::text) <= ${maxBytes} then result end as result,
        case when octet_length(result::text) > ${maxBytes} then left(case jsonb_typeof(result) when 'string' then result #>> '{}' else result::text end, ${maxBytes}) end as cut_text
      from jobs where organization_id = ${organizationId}::uuid and id = any(${ids}::uuid[])`
    return rows.map(row => ({ id: row.id, result: row.cut_text ?? row.result, cut: row.cut_text !== null, lastError: row.last_error }))
  })
}

const bounds = (ids: string[]) => ids.reduce<[string, string]>(([low, high], id) => [id < low ? id : low, id > high ? id : high], [ids[0]!, ids[0]!])

export function findStatuses(organizationId: string, ids: string[]) {
  const [low, high] = bounds(ids)
  const select = { id: true, state: true, queueName: true, jobType: true, failures: true, createdAt: true, completedAt: true } satisfies Prisma.JobSelect
  // Plain bounds keep PostgreSQL from visiting the partition of every day.
  return withTenant(organizationId, tx => tx.job.findMany({ where: { organizationId, id: { in: ids, gte: low, lte: high } }, select }))
}

/** Attempts that have a row, newest first; only runs below `before`. */
export function listAttemptRows(organizationId: string, id: string, { before, limit }: { before?: number, limit: number }): Promise<AttemptRow[]> {
  return withTenant(organizationId, tx => tx.jobAttempt.findMany({ where: { jobId: id, organizationId, run: { lt: before } }, orderBy: { run: 'desc' }, take: limit }))
}

export interface LogFilter { organizationId: string, id: string, run?: number, after: { run: number, line: number }, take: number }

/** Log lines behind a place, oldest first. */
export function listLogRows({ organizationId, id, run, after, take }: LogFilter): Promise<LogRow[]> {
  const behind = [{ run: { gt: after.run } }, { run: after.run, line: { gt: after.line } }]
  return withTenant(organizationId, tx => tx.jobLog.findMany({ where: { jobId: id, organizationId, run, OR: behind }, orderBy: [{ run: 'asc' }, { line: 'asc' }], take }))
}

/** What operators did to one thing, the newest of it, oldest first. */
export async function listEventRows({ organizationId, subjectId, take }: { organizationId: string, subjectId: string, take: number }): Promise<EventRow[]> {
  const where = { organizationId, subjectKind: 'job', subjectId }
  return (await withTenant(organizationId, tx => tx.event.findMany({ where, orderBy: { id: 'desc' }, take }))).reverse()
}
