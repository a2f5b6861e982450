import { pool } from '#server/infra/database.ts'
import { jobsAccepted } from '#server/infra/metrics.ts'
import { newId } from '#server/infra/new-id.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import { queueRule } from '#server/domain/engine/queue-rules.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { ACCEPT_LINKED } from '#server/domain/engine/sql/accept-linked.ts'
import type { ChangedJob } from '#server/domain/engine/store.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'

/** Where a job made by hand comes from. */
export interface Origin { originId: string, actor: string, reason?: string }

/**
 * Accepts a job that somebody made from another one, with its link and what both timelines tell, in one statement. Answers
 * the new id; null when the origin is not there or not over. Keys, scheduling and expiry times of `job` do not count.
 */
export async function acceptLinked(job: NewJob, { originId, actor, reason }: Origin): Promise<string | null> {
  const gated = job.orderingKey !== undefined || job.concurrencyKey !== undefined || queueRule(job.organizationId, job.queueName)?.limited === true
  const values = [
    newId(), job.organizationId, originId, job.queueName, job.jobType, job.priority, job.payload, job.tags ?? null, job.orderingKey ?? null,
    job.concurrencyKey ?? null, gated, job.maxRetries, job.backoff ? JSON.stringify(job.backoff) : null, job.timeoutSeconds, actor, reason ?? null, newId(), newId(),
  ]
  const { rows } = await retryDeadlock(() => pool('engine').query<ChangedJob>({ name: 'accept-linked', text: ACCEPT_LINKED, values }))
  const made = rows[0]
  if (made === undefined) return null
  jobsAccepted.inc({ type: made.job_type ?? 'external' }, 1)
  tellChanges(rows)
  wakeDispatcher()
  return made.id
}
