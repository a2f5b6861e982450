import type { QueueCount } from '#server/domain/jobs/count-jobs.ts'
import type { QueueRow } from '#server/domain/queues/store.ts'
import { isJobType, ruleOf } from '#shared/job-types.ts'
import type { Queue, QueueFigures, QueueSummary } from '#shared/schemas/queue.ts'

/** What holds where neither a queue nor a job type says otherwise. */
const DEFAULTS = { maxRetries: 3, timeoutSeconds: 300 }
/** What is known of a queue: its row, its counters, or both. */
export interface QueueSource { name: string, row: QueueRow | null, count?: QueueCount }
/** The same with how it moves. */
export interface MovingQueue extends QueueSource { figures: QueueFigures }

const time = (value: Date | null | undefined) => value?.toISOString() ?? null

/** A queue as a row of a list; a rule that was not set shows its default. */
export function toQueueSummary({ name, row, count, figures }: MovingQueue): QueueSummary {
  return {
    queue_name: name, configured: row !== null, ...rulesOf(name, row), ...pauseOf(row), pending_jobs: count?.pending ?? 0, processing_jobs: count?.processing ?? 0,
    ...figures,
  }
}

function rulesOf(name: string, row: QueueRow | null) {
  const { maxRetries, timeoutSeconds } = isJobType(name) ? ruleOf(name) : DEFAULTS
  if (!row) {
    return { max_retries: maxRetries, default_timeout: timeoutSeconds, rate_limit: null, rate_period_seconds: 1, concurrency: null, concurrency_per_key: 1, enabled: true }
  }
  return {
    max_retries: row.maxRetries ?? maxRetries, default_timeout: row.defaultTimeout ?? timeoutSeconds, rate_limit: row.rateLimit, rate_period_seconds: row.ratePeriodSeconds,
    concurrency: row.concurrency, concurrency_per_key: row.concurrencyPerKey, enabled: row.enabled,
  }
}

const pauseOf = (row: QueueRow | null) => ({ paused: row?.pausedAt != null, paused_at: time(row?.pausedAt), pause_reason: row?.pauseReason ?? null, paused_by: row?.pausedBy ?? null })

/** A queue with all it is told to do. */
export function toQueue(organizationId: string, source: MovingQueue): Queue {
  const { name, row } = source
  return {
    ...toQueueSummary(source), id: name, organization_id: organizationId, retention_days: row?.retentionDays ?? null,
    settings: (row?.settings ?? {}) as Queue['settings'], created_at: time(row?.createdAt), updated_at: time(row?.updatedAt),
  }
}
