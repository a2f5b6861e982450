import { asRawJson } from '#server/infra/exact-json.ts'
import { withTenant, type Prisma } from '#server/infra/database.ts'
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
  queueName?: string
  jobType?: string
  /** Only these. */
  ids?: string[]
  /** Lowest and highest id. */
  idRange?: [string, string]
  /** Only ids below (older than) this one. */
  before?: string
  skip?: number
  take: number
}

/** Jobs of an organization, newest first. */
export function listJobRows(organizationId: string, filter: JobFilter): Promise<JobSummaryRow[]> {
  return withTenant(organizationId, tx => tx.job.findMany({ where: toWhere(organizationId, filter), select: SUMMARY, orderBy: { id: 'desc' }, skip: filter.skip, take: filter.take }))
}

/** The same with payload and result. */
export function listWholeJobRows(organizationId: string, filter: JobFilter): Promise<JobRow[]> {
  return withTenant(organizationId, tx => tx.job.findMany({ where: toWhere(organizationId, filter), orderBy: { id: 'desc' }, skip: filter.skip, take: filter.take }))
}

/** How many of the newest jobs one request looks through for a tag: tags have no index, and this bounds the wait. */
export const TAG_LOOK_BACK = 20_000
export interface TagFilter extends JobFilter { tag: { key: string, value: string | null } }

/** Jobs that carry a tag, newest first, and the id up to which was looked when older jobs remain to look at. */
export async function listTaggedRows(organizationId: string, filter: TagFilter): Promise<{ rows: JobSummaryRow[], lookedUntil: string | null }> {
  const { tag: { key, value }, states = null, queueName = null, jobType = null, before = null, idRange = [null, null], skip = 0, take } = filter
  return withTenant(organizationId, async (tx) => {
    const found = await tx.$queryRaw<{ id: string }[]>`
      select id from (
        select id, state, queue_name, job_type, tags from jobs where organization_id = ${organizationId}::uuid
          and id < coalesce(${before}::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
          and id >= coalesce(${idRange[0]}::uuid, '00000000-0000-0000-0000-000000000000') and id <= coalesce(${idRange[1]}::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by id desc limit ${TAG_LOOK_BACK}) as newest
      where tags ? ${key} and (${value}::text is null or tags ->> ${key} = ${value}) and (${states}::text[] is null or state = any(${states}::text[]))
        and (${queueName}::text is null or queue_name = ${queueName}) and (${jobType}::text is null or job_type = ${jobType})
      order by id desc offset ${skip} limit ${take}`
    const rows = await tx.job.findMany({ where: { organizationId, id: { in: found.map(row => row.id) } }, select: SUMMARY, orderBy: { id: 'desc' } })
    const [last] = await tx.job.findMany({ where: toWhere(organizationId, { before: filter.before, idRange: filter.idRange, take }), select: { id: true }, orderBy: { id: 'desc' }, skip: TAG_LOOK_BACK - 1, take: 1 })
    return { rows, lookedUntil: last?.id ?? null }
  })
}

function toWhere(organizationId: string, filter: JobFilter): Prisma.JobWhereInput {
  const { states, queueName, jobType, ids, idRange, before } = filter
  const onlyFailed = states?.length === 1 && states[0] === 'failed'
  return {
    organizationId, queueName, jobType,
    ...(ids && { id: { in: ids } }),
    ...(states && { state: { in: states } }),
    // The partial index on failed jobs is found through failed_at.
    ...(onlyFailed && { failedAt: { not: null } }),
    AND: [before ? { id: { lt: before } } : {}, idRange ? { id: { gte: idRange[0], lte: idRange[1] } } : {}],
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
    const rows = await tx.$queryRaw<{ step: number, state: StepCount['state'], entered: bigint }[]>`
      select floor(extract(epoch from minute - ${from}) / ${stepSeconds})::int as step, state, sum(entered)::bigint as entered from (
        select minute, state, queue_name, entered from job_minutes where organization_id = ${organizationId}::uuid and minute >= ${from}
        union all
        select date_trunc('minute', at), state, queue_name, delta from job_counter_deltas where organization_id = ${organizationId}::uuid and delta > 0 and at >= ${from}
      ) as parts where queue_name = coalesce(${queueName}::text, queue_name) group by 1, 2`
    return rows.map(row => ({ step: row.step, state: row.state, entered: Number(row.entered) }))
  })
}

/** Mean waiting and processing time of the finished ones of the newest thousand jobs, of one queue or all, in milliseconds; null without any. */
export function meanTimes(organizationId: string, queueName?: string): Promise<{ wait: number | null, processing: number | null }> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ wait: number | null, processing: number | null }[]>`
      select (avg(extract(epoch from started_at - coalesce(scheduled_at, created_at))) * 1000)::float as wait,
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
