import { newId } from '#server/infra/new-id.ts'
import type { NewRow, NewRowRest } from '#server/domain/engine/insert-jobs.ts'
import { laneHasRoom } from '#server/domain/engine/push-to-belt.ts'
import { queueRule } from '#server/domain/engine/queue-rules.ts'
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

const KEY_SECONDS = 30 * 24 * 3600

/** The row of one job. */
export const toRow = (job: NewJob, now: Date): NewRow => ({ id: newId(), payload: job.payload, rest: restOf(job, now) })

/** The rows of one call. Its jobs are mostly alike, and rows that share what is alike are quick to compare. */
export function toRows(jobs: NewJob[], now: Date): NewRow[] {
  let last: { job: NewJob, rest: NewRowRest } | undefined
  return jobs.map((job) => {
    if (!last || !isAlike(last.job, job)) last = { job, rest: restOf(job, now) }
    return { id: newId(), payload: job.payload, rest: last.rest }
  })
}

const SHARED = [
  'organizationId', 'queueName', 'jobType', 'priority', 'maxRetries', 'timeoutSeconds', 'backoff', 'tags', 'orderingKey', 'concurrencyKey', 'scheduledAt',
  'expiresAt', 'idempotencyKey',
] as const

/** Alike but for the payload. Jobs with idempotency keys never are. */
const isAlike = (a: NewJob, b: NewJob): boolean => a.idempotencyKey === undefined && SHARED.every(key => a[key] === b[key])

function restOf(job: NewJob, now: Date): NewRowRest {
  const { state, dispatched, gated } = firstStep(job, now)
  const createdAt = now.toISOString()
  return {
    organization_id: job.organizationId, queue_name: job.queueName, job_type: job.jobType, state, priority: job.priority,
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
