import { createBatcher } from '#server/infra/batcher.ts'
import { jobsAccepted } from '#server/infra/metrics.ts'
import { newId } from '#server/infra/new-id.ts'
import { splitOnDataError } from '#server/domain/engine/split-on-data-error.ts'
import { laneHasRoom, pushToBelt } from '#server/domain/engine/push-to-belt.ts'
import { queueRule } from '#server/domain/engine/queue-rules.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { insertJobs, jobsOfKeys, type NewRow } from '#server/domain/engine/insert-jobs.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'
import type { JobState } from '#shared/job-states.ts'
import type { JobType } from '#shared/job-types.ts'
import type { Backoff } from '#shared/schemas/job.ts'

/** A job to accept. Shapes and limits were checked at the edge. */
export interface NewJob {
  organizationId: string
  queueName: string
  /** A built-in type, or null: external workers claim it. */
  jobType: JobType | null
  /** Serialised JSON. */
  payload: string
  priority: number
  maxRetries: number
  timeoutSeconds: number
  backoff?: Backoff
  /** Serialised JSON. */
  tags?: string
  idempotencyKey?: string
  /** How long the key keeps a second job from being made. */
  idempotencyWindowSeconds?: number
  /** RFC 3339; not before this time. */
  scheduledAt?: string
  /** RFC 3339; not started after this time. */
  expiresAt?: string
  /** Jobs of a queue with the same key run one after the other, in the order they were accepted. */
  orderingKey?: string
  /** At most so many jobs of a queue with the same key run at once as the queue says (default one). */
  concurrencyKey?: string
}
export interface AcceptedJob { id: string, created: boolean }

const KEY_SECONDS = 30 * 24 * 3600
/** Rows of one statement, at most. Two flushes under way: one commits while the next is being filled. */
const MAX_ROWS = 1000
const acceptRow = createBatcher<NewRow, AcceptedJob>({ slots: 2, max: MAX_ROWS, flush: flushRows })
/** Many jobs of one call are a statement of their own; so many of those at once. */
const acceptChunk = createBatcher<NewRow[], (AcceptedJob | Error)[]>({ slots: 2, max: 1, flush: chunks => Promise.all(chunks.map(flushRows)) })

/**
 * Accepts a job: the answer comes after the commit and never waits for the belt. A repeated idempotency key answers the
 * first job's id with `created: false`. Jobs that arrive together share one statement; one bad row fails alone.
 */
export function acceptJob(job: NewJob): Promise<AcceptedJob> {
  return acceptRow(toRow(job, new Date()))
}

/** The same for many jobs of one call; answers in their order, an Error for each row that was refused. */
export async function acceptJobs(jobs: NewJob[]): Promise<(AcceptedJob | Error)[]> {
  const now = new Date()
  const rows = jobs.map(job => toRow(job, now))
  const chunks = Array.from({ length: Math.ceil(rows.length / MAX_ROWS) }, (_, index) => rows.slice(index * MAX_ROWS, (index + 1) * MAX_ROWS))
  return (await Promise.all(chunks.map(chunk => acceptChunk(chunk)))).flat()
}

function toRow(job: NewJob, now: Date): NewRow {
  const { state, dispatched, gated } = firstStep(job, now)
  const createdAt = now.toISOString()
  return {
    id: newId(), payload: job.payload, organization_id: job.organizationId, queue_name: job.queueName, job_type: job.jobType, state, priority: job.priority,
    tags: job.tags ?? null, idempotency_key: job.idempotencyKey ?? null, idempotency_seconds: job.idempotencyWindowSeconds ?? KEY_SECONDS,
    ordering_key: job.orderingKey ?? null, concurrency_key: job.concurrencyKey ?? null, gated, max_retries: job.maxRetries,
    backoff: job.backoff ? JSON.stringify(job.backoff) : null, timeout_seconds: job.timeoutSeconds, due_at: state === 'scheduled' ? job.scheduledAt! : null,
    dispatched_at: dispatched ? createdAt : null, scheduled_at: job.scheduledAt ?? null, expires_at: job.expiresAt ?? null, created_at: createdAt,
  }
}

/** Where a new job begins: scheduled, sent to the belt at once, left to the dispatcher, or waiting for an external worker. */
function firstStep(job: NewJob, now: Date): { state: JobState, dispatched: boolean, gated: boolean } {
  const rule = queueRule(job.organizationId, job.queueName)
  const gated = job.orderingKey !== undefined || job.concurrencyKey !== undefined || rule?.limited === true
  if (job.scheduledAt !== undefined && new Date(job.scheduledAt) > now) return { state: 'scheduled', dispatched: false, gated }
  return { state: 'pending', dispatched: job.jobType !== null && !gated && !rule?.paused && laneHasRoom(job.jobType), gated }
}

async function flushRows(rows: NewRow[]): Promise<(AcceptedJob | Error)[]> {
  const { firsts, firstOf } = foldRepeats(rows)
  const results = await splitOnDataError(firsts, insertWithRescue)
  const accepted = new Map(firsts.map((row, index) => [row, results[index]!]))
  announce(firsts.filter((row) => {
    const result = accepted.get(row)
    return !(result instanceof Error) && result?.created
  }))
  // The first of a key was bad: the next one of that key is on its own.
  const orphans = rows.filter(row => accepted.get(firstOf.get(row)!) instanceof Error)
  if (orphans.length > 0) (await flushRows(orphans)).forEach((result, index) => accepted.set(orphans[index]!, result))
  return rows.map((row) => {
    const result = accepted.get(row) ?? accepted.get(firstOf.get(row)!)!
    return result instanceof Error || accepted.has(row) ? result : { id: result.id, created: false }
  })
}

/** Rows of one flush with the same idempotency key are one job. */
function foldRepeats(rows: NewRow[]): { firsts: NewRow[], firstOf: Map<NewRow, NewRow> } {
  const byKey = new Map<string, NewRow>()
  const firstOf = new Map<NewRow, NewRow>()
  const firsts = rows.filter((row) => {
    if (row.idempotency_key === null) return true
    const key = `${row.organization_id} ${row.idempotency_key}`
    const first = byKey.get(key)
    if (first) firstOf.set(row, first)
    else byKey.set(key, row)
    return first === undefined
  })
  return { firsts, firstOf }
}

/** What became of each row: inserted, or the job that holds its idempotency key. */
async function insertWithRescue(rows: NewRow[]): Promise<AcceptedJob[]> {
  const inserted = await insertRetrying(rows)
  const keyed = rows.filter(row => !inserted.has(row.id) && row.idempotency_key !== null)
  const owners = keyed.length > 0
    ? await jobsOfKeys(keyed.map(row => ({ organizationId: row.organization_id, key: row.idempotency_key! })))
    : new Map<string, string>()
  return rows.map((row) => {
    // Our own id as owner, or no key at all: an earlier try of this statement was committed before its answer was lost.
    const owner = owners.get(`${row.organization_id} ${row.idempotency_key}`) ?? row.id
    return { id: owner, created: owner === row.id }
  })
}

const DEADLOCK = '40P01'
const isConnectionLoss = (code: string | undefined) => code === undefined || code.startsWith('08') || code.startsWith('57P')

/** A deadlock or a lost connection is tried again once, with the same ids. */
async function insertRetrying(rows: NewRow[]): Promise<Set<string>> {
  try {
    return await insertJobs(rows)
  }
  catch (error) {
    const code = (error as { code?: string }).code
    if (code === DEADLOCK || isConnectionLoss(code)) return insertJobs(rows, true)
    throw error
  }
}

function announce(rows: NewRow[]): void {
  for (const [type, same] of Map.groupBy(rows, row => row.job_type)) jobsAccepted.inc({ type: type ?? 'external' }, same.length)
  tellChanges(rows.map(row => ({
    id: row.id, organization_id: row.organization_id, queue_name: row.queue_name as string, job_type: row.job_type, state: row.state, run: 0,
    updated_at: new Date(row.created_at as string),
  })))
  void pushToBelt(rows.filter(row => row.dispatched_at !== null).map(row => ({ id: row.id, lane: row.job_type as JobType, priority: row.priority as number })))
  if (rows.some(row => row.gated && row.state === 'pending')) wakeDispatcher()
}
