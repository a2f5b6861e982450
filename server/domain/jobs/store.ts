import { asRawJson } from '#server/infra/exact-json.ts'
import { withTenant, withTenantSql, type Prisma } from '#server/infra/database.ts'
import { stepOf } from '#server/domain/engine/read-minutes.ts'
import type { SearchReader, SearchStatement } from '#server/domain/jobs/search-reader.ts'
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

/** Summaries of these jobs, newest first; the ids come in that order. */
export const listSummaries = (organizationId: string, ids: string[]): Promise<JobSummaryRow[]> => ids.length === 0 ? Promise.resolve([])
  : withTenant(organizationId, tx => tx.job.findMany({ where: { organizationId, id: { in: ids, lte: ids[0], gte: ids.at(-1) } }, select: SUMMARY, orderBy: { id: 'desc' } }))

/** Longest time of one statement of a search. */
const STATEMENT_MS = 3000

/** Runs a search in one transaction. Throws PostgreSQL's 57014 when a statement takes longer than three seconds. */
export function withSearch<T>(organizationId: string, { sql, indexed, values, needles }: SearchStatement, work: (reader: SearchReader) => Promise<T>): Promise<T> {
  return withTenantSql(organizationId, async (client) => {
    // Compiling a statement takes longer than it runs.
    await client.query(`set local statement_timeout = ${STATEMENT_MS}; set local jit = off`)
    const ask = async <Row extends object>(text: string, more: unknown[] = []): Promise<Row[]> => (await client.query<Row>(text, [organizationId, ...values, ...more])).rows
    const at = (n: number) => `$${values.length + 1 + n}`
    /** Which of these jobs (newest first) fit. */
    const judge = async (ids: string[]): Promise<string[]> => ids.length === 0 ? []
      : (await ask<{ id: string }>(`select j.id from jobs j where j.organization_id = $1 and j.id = any(${at(1)}::uuid[]) and j.id >= ${at(2)}::uuid and j.id <= ${at(3)}::uuid and ${sql} order by j.id desc`, [ids, ids.at(-1), ids[0]])).map(row => row.id)
    return work({
      pick: async ({ before, skip, take }) => (await ask<{ id: string }>(`select j.id from jobs j where j.organization_id = $1 and j.id < ${at(1)}::uuid and ${sql} order by j.id desc offset ${at(2)} limit ${at(3)}`, [before, skip, take])).map(row => row.id),
      lookThrough: async ({ low, before, rows, take }) => {
        // The place of the last row first, from the index alone: so a step is bounded, and its rows are read once.
        const range = `from jobs j where j.organization_id = $1 and ${indexed} and j.id >= ${at(1)}::uuid and j.id < ${at(2)}::uuid`
        // Asked for in vain, but it tells the types of the parameters.
        const typed = `and (${sql} or true)`
        const [last] = await ask<{ id: string }>(`select j.id ${range} ${typed} order by j.id desc offset ${at(3)} limit 1`, [low, before, rows - 1])
        const found = (await ask<{ id: string }>(`select j.id ${range} and ${sql} order by j.id desc limit ${at(3)}`, [last?.id ?? low, before, take])).map(row => row.id)
        if (found.length === take) return { found, looked: 0, until: found.at(-1)! }
        if (last) return { found, looked: rows, until: last.id }
        const [left] = await ask<{ looked: number }>(`select count(*)::int as looked ${range} ${typed}`, [low, before])
        return { found, looked: Math.min(left!.looked, rows - 1), until: null }
      },
      judge,
      lookUp: async (days, { low, before, most }) => {
        const groups = needles.flatMap(({ any }, index) => any.map(() => index + 1))
        const { rows } = await client.query<{ id: string }>('select bespin_jobs_of_days_containing($1::text[], $2::text[], $3::jsonb[], $4::int[], $5::uuid, $6::uuid, $7) as id',
          [days, needles.map(({ column }) => column), needles.flatMap(({ any }) => any), groups, low, before, most])
        const candidates = rows.map(row => row.id)
        return { candidates, fitting: await judge(candidates) }
      },
      indexedDays: async () => (await client.query<{ day: string }>(INDEXED_DAYS)).rows.map(row => row.day),
    })
  })
}

const INDEXED_DAYS = `
  select right(c.relname, 8) as day from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_index p on p.indrelid = c.oid and p.indisvalid
  join pg_class x on x.oid = p.indexrelid and x.relname = c.relname || '_search' where i.inhparent = 'jobs'::regclass order by 1 desc`

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
