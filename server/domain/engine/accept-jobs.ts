import { v7 as uuidv7 } from 'uuid'
import { createBatcher } from '#server/infra/batcher.ts'
import { jobsAccepted } from '#server/infra/metrics.ts'
import { splitOnDataError } from '#server/domain/engine/split-on-data-error.ts'
import { laneHasRoom, pushToBelt } from '#server/domain/engine/push-to-belt.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { insertJobs, jobsOfKeys, type JobRow } from '#server/domain/engine/store.ts'
import type { Backoff } from '#shared/schemas/job.ts'

/** A job to accept. Shapes and limits were checked at the edge. */
export interface NewJob {
  organizationId: string
  queueName: string
  /** A built-in type, or null: external workers claim it. */
  jobType: string | null
  payload: unknown
  priority: number
  maxRetries: number
  timeoutSeconds: number
  backoff?: Backoff
  tags?: unknown
  idempotencyKey?: string
  /** RFC 3339; not before this time. */
  scheduledAt?: string
}
export interface AcceptedJob { id: string, created: boolean }

/** Two flushes under way: one commits while the next is being filled. */
const acceptRow = createBatcher<JobRow, AcceptedJob>({ slots: 2, max: 1000, flush: flushRows })

/**
 * Accepts a job: the answer comes after the commit and never waits for the belt. A repeated idempotency key answers the
 * first job's id with `created: false`. Jobs that arrive together share one statement; one bad row fails alone.
 */
export function acceptJob(job: NewJob): Promise<AcceptedJob> {
  return acceptRow(toRow(job))
}

function toRow(job: NewJob): JobRow {
  return {
    id: uuidv7(), organizationId: job.organizationId, queueName: job.queueName, jobType: job.jobType, priority: job.priority,
    payload: JSON.stringify(job.payload), tags: asJson(job.tags), idempotencyKey: job.idempotencyKey ?? null,
    maxRetries: job.maxRetries, backoff: asJson(job.backoff), timeoutSeconds: job.timeoutSeconds, scheduledAt: job.scheduledAt ?? null,
    ...firstStep(job, new Date()),
  }
}

const asJson = (value: unknown) => value === undefined ? null : JSON.stringify(value)

/** Where a new job begins: scheduled, sent to the belt at once, left to the dispatcher, or waiting for an external worker. */
function firstStep({ jobType, scheduledAt }: NewJob, now: Date): Pick<JobRow, 'state' | 'dueAt' | 'dispatchedAt' | 'createdAt'> {
  const createdAt = now.toISOString()
  if (scheduledAt !== undefined && new Date(scheduledAt) > now) return { state: 'scheduled', dueAt: scheduledAt, dispatchedAt: null, createdAt }
  if (jobType === null) return { state: 'pending', dueAt: null, dispatchedAt: null, createdAt }
  return laneHasRoom(jobType)
    ? { state: 'pending', dueAt: null, dispatchedAt: createdAt, createdAt }
    : { state: 'pending', dueAt: createdAt, dispatchedAt: null, createdAt }
}

async function flushRows(rows: JobRow[]): Promise<(AcceptedJob | Error)[]> {
  const { firsts, firstOf } = foldRepeats(rows)
  const results = await splitOnDataError(firsts, insertWithRescue)
  const accepted = new Map(firsts.map((row, index) => [row, results[index]!]))
  announce(firsts.filter((row) => {
    const result = accepted.get(row)
    return !(result instanceof Error) && result?.created
  }))
  return rows.map((row) => {
    const result = accepted.get(firstOf.get(row) ?? row)!
    return result instanceof Error ? result : { id: result.id, created: result.created && !firstOf.has(row) }
  })
}

/** Rows of one flush with the same idempotency key are one job. */
function foldRepeats(rows: JobRow[]): { firsts: JobRow[], firstOf: Map<JobRow, JobRow> } {
  const byKey = new Map<string, JobRow>()
  const firstOf = new Map<JobRow, JobRow>()
  const firsts = rows.filter((row) => {
    if (row.idempotencyKey === null) return true
    const key = `${row.organizationId} ${row.idempotencyKey}`
    const first = byKey.get(key)
    if (first) firstOf.set(row, first)
    else byKey.set(key, row)
    return first === undefined
  })
  return { firsts, firstOf }
}

/** What became of each row: inserted, or the job that holds its idempotency key. */
async function insertWithRescue(rows: JobRow[]): Promise<AcceptedJob[]> {
  const inserted = await insertRetrying(rows)
  const keyed = rows.filter(row => !inserted.has(row.id) && row.idempotencyKey !== null)
  const owners = keyed.length > 0
    ? await jobsOfKeys(keyed.map(row => ({ organizationId: row.organizationId, key: row.idempotencyKey! })))
    : new Map<string, string>()
  return rows.map((row) => {
    // Our own id as owner, or no key at all: an earlier try of this statement was committed before its answer was lost.
    const owner = owners.get(`${row.organizationId} ${row.idempotencyKey}`) ?? row.id
    return { id: owner, created: owner === row.id }
  })
}

const DEADLOCK = '40P01'
const isConnectionLoss = (code: string | undefined) => code === undefined || code.startsWith('08') || code.startsWith('57P')

/** A deadlock or a lost connection is tried again once, with the same ids. */
async function insertRetrying(rows: JobRow[]): Promise<Set<string>> {
  try {
    return await insertJobs(rows)
  }
  catch (error) {
    const code = (error as { code?: string }).code
    if (code === DEADLOCK || isConnectionLoss(code)) return insertJobs(rows)
    throw error
  }
}

function announce(rows: JobRow[]): void {
  for (const row of rows) jobsAccepted.inc({ type: row.jobType ?? 'external' })
  tellChanges(rows.map(row => ({
    id: row.id, organization_id: row.organizationId, queue_name: row.queueName, job_type: row.jobType, state: row.state, run: 0,
    updated_at: new Date(row.createdAt),
  })))
  void pushToBelt(rows.filter(row => row.dispatchedAt !== null).map(row => ({ id: row.id, lane: row.jobType!, priority: row.priority })))
}
