import { AppError } from '#server/domain/app-error.ts'
import { tellQueueChanged } from '#server/domain/engine/queue-rules.ts'
import { countByQueue } from '#server/domain/jobs/count-jobs.ts'
import { findQueue, getQueue } from '#server/domain/queues/read-queues.ts'
import { deleteQueueRow, savePause, saveResume, saveRules, type QueueAction, type QueueChanges, type QueueRules } from '#server/domain/queues/store.ts'
import { whyNotStorable } from '#shared/schemas/primitives.ts'
import type { Queue, QueueConfigBody } from '#shared/schemas/queue.ts'

/** Largest settings of a queue, bytes of JSON. */
const SETTINGS_MAX_BYTES = 64 * 1024

/** Sets rules of a queue, making it when there is none. What is absent stays, null takes a rule away. Throws VALIDATION_ERROR. */
export async function configureQueue(action: Omit<QueueAction, 'reason'>, { queue_name: named, reason, ...rules }: QueueConfigBody): Promise<Queue> {
  if (named !== undefined && named !== action.name) throw invalid('queue_name', `is ${named} in the body and ${action.name} in the path`)
  if (rules.settings !== undefined) checkSettings(rules.settings)
  // Numbers that a double cannot hold come as objects of their own, which only JSON text understands.
  const plain = JSON.parse(JSON.stringify(rules)) as typeof rules
  await saveRules({ ...action, reason }, toRules(plain), plain as QueueChanges)
  await tellQueueChanged()
  return getQueue(action.organizationId, action.name)
}

function toRules(rules: Omit<QueueConfigBody, 'queue_name' | 'reason'>): QueueRules {
  return {
    maxRetries: rules.max_retries, defaultTimeout: rules.default_timeout, rateLimit: rules.rate_limit, ratePeriodSeconds: rules.rate_period_seconds,
    concurrency: rules.concurrency, concurrencyPerKey: rules.concurrency_per_key, retentionDays: rules.retention_days, enabled: rules.enabled,
    settings: rules.settings as QueueRules['settings'],
  }
}

function checkSettings(settings: unknown): void {
  const reason = whyNotStorable(settings)
  if (reason) throw invalid('settings', reason)
  if (Buffer.byteLength(JSON.stringify(settings)) > SETTINGS_MAX_BYTES) throw invalid('settings', `have more than ${SETTINGS_MAX_BYTES} bytes of JSON`)
}

const invalid = (field: string, message: string) => new AppError('VALIDATION_ERROR', `${field}: ${message}`, { details: [{ field, message, code: 'invalid' }] })

/** Starts no more jobs of a queue; those that run go on. A queue already paused stays as it is. Throws NOT_FOUND. */
export async function pauseQueue(action: QueueAction) {
  await findQueue(action.organizationId, action.name)
  const row = await savePause(action)
  await tellQueueChanged()
  return { queue_name: action.name, paused: true, paused_at: row.pausedAt!.toISOString(), reason: row.pauseReason }
}

/** Starts the jobs of a paused queue again; `resumed` is false when it was not paused. Throws NOT_FOUND. */
export async function resumeQueue(action: QueueAction) {
  await findQueue(action.organizationId, action.name)
  const since = await saveResume(action)
  if (since) await tellQueueChanged()
  return { queue_name: action.name, resumed: since !== null, paused_duration_secs: since ? Math.max(0, Math.round((Date.now() - since.getTime()) / 1000)) : 0 }
}

/** Forgets the rules of a queue. Throws NOT_FOUND, and CONFLICT while it has unfinished jobs. */
export async function deleteQueue(action: QueueAction): Promise<void> {
  const unfinished = (await countByQueue(action.organizationId)).get(action.name)?.unfinished ?? 0
  if (unfinished > 0) throw new AppError('CONFLICT', `The queue ${action.name} has ${unfinished} unfinished jobs. Let them end or cancel them, then delete it.`)
  if (!(await deleteQueueRow(action))) throw new AppError('NOT_FOUND', `The queue ${action.name} is not configured; there is nothing to delete.`)
  await tellQueueChanged()
}
