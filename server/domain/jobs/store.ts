import { asRawJson } from '#server/infra/exact-json.ts'
import { withTenant, type Prisma } from '#server/infra/database.ts'
import type { JobState } from '#shared/job-states.ts'
import type { Json } from '#shared/schemas/primitives.ts'

const SUMMARY = {
  id: true, queueName: true, jobType: true, state: true, priority: true, run: true, failures: true, maxRetries: true, progress: true,
  lastError: true, createdAt: true, scheduledAt: true, startedAt: true, completedAt: true, dueAt: true, updatedAt: true,
} satisfies Prisma.JobSelect
export type JobSummaryRow = Prisma.JobGetPayload<{ select: typeof SUMMARY }>
export type JobRow = Prisma.JobGetPayload<object>
/** A job whose payload and result are written out digit for digit. */
export type ExactJobRow = Omit<JobRow, 'payload' | 'result'> & { payload: unknown, result: unknown }

export interface JobFilter {
  states?: JobState[]
  queueName?: string
  jobType?: string
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

function toWhere(organizationId: string, filter: JobFilter): Prisma.JobWhereInput {
  const { states, queueName, jobType, idRange, before } = filter
  const onlyFailed = states?.length === 1 && states[0] === 'failed'
  return {
    organizationId, queueName, jobType,
    ...(states && { state: { in: states } }),
    // The partial index on failed jobs is found through failed_at.
    ...(onlyFailed && { failedAt: { not: null } }),
    AND: [before ? { id: { lt: before } } : {}, idRange ? { id: { gte: idRange[0], lte: idRange[1] } } : {}],
  }
}

export function findJob(organizationId: string, id: string): Promise<ExactJobRow | null> {
  return withTenant(organizationId, async (tx) => {
    const row = await tx.job.findFirst({ where: { id, organizationId }, omit: { payload: true, result: true } })
    // Prisma parses JSON and so rounds large numbers; the text does not.
    const [json] = await tx.$queryRaw<{ payload: string, result: string | null }[]>`
      select payload::text, result::text from jobs where id = ${id}::uuid and organization_id = ${organizationId}::uuid`
    return row && json ? { ...row, payload: asRawJson(json.payload), result: asRawJson(json.result) } : null
  })
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

/** How many jobs entered a state per step of `stepSeconds`, counted from `from`. */
export function countEntered(options: { organizationId: string, from: Date, stepSeconds: number }): Promise<StepCount[]> {
  const { organizationId, from, stepSeconds } = options
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ step: number, state: StepCount['state'], entered: bigint }[]>`
      select floor(extract(epoch from minute - ${from}) / ${stepSeconds})::int as step, state, sum(entered)::bigint as entered from (
        select minute, state, entered from job_minutes where organization_id = ${organizationId}::uuid and minute >= ${from}
        union all
        select date_trunc('minute', at), state, delta from job_counter_deltas where organization_id = ${organizationId}::uuid and delta > 0 and at >= ${from}
      ) as parts group by 1, 2`
    return rows.map(row => ({ step: row.step, state: row.state, entered: Number(row.entered) }))
  })
}

/** Mean waiting and processing time of the newest thousand finished jobs, in milliseconds; null without any. */
export function meanTimes(organizationId: string): Promise<{ wait: number | null, processing: number | null }> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.$queryRaw<{ wait: number | null, processing: number | null }[]>`
      select (avg(extract(epoch from started_at - coalesce(scheduled_at, created_at))) * 1000)::float as wait,
        (avg(extract(epoch from completed_at - started_at)) * 1000)::float as processing
      from (select * from jobs where organization_id = ${organizationId}::uuid order by id desc limit 1000) as newest
      where completed_at is not null`
    return rows[0] ?? { wait: null, processing: null }
  })
}

export interface WorkerCount { total: number, healthy: number }

/** Worker processes known and heard of lately. */
export function countWorkers(organizationId: string): Promise<WorkerCount> {
  return withTenant(organizationId, async (tx) => {
    const total = await tx.worker.count()
    const healthy = await tx.worker.count({ where: { heartbeatAt: { gt: new Date(Date.now() - 8000) } } })
    return { total, healthy }
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
