import { errorGroupOf } from '#server/domain/engine/error-form.ts'
import { toBespinStatus, toV1Status, type JobState } from '#shared/job-states.ts'
import type { BespinJob, Job, JobSummary } from '#shared/schemas/job.ts'
import type { ExactJobRow, JobSummaryRow } from '#server/domain/jobs/store.ts'

const time = (value: Date | null) => value?.toISOString() ?? null

/** A row as a `/api/v1` summary. */
export function toSummary(row: JobSummaryRow): JobSummary {
  const state = row.state as JobState
  return {
    id: row.id, queue_name: row.queueName, job_type: row.jobType, status: toV1Status(state), state, priority: row.priority,
    attempt: row.run, retry_count: row.failures, max_retries: row.maxRetries, progress: row.progress, last_error: row.lastError, error_group: errorGroup(row),
    created_at: row.createdAt.toISOString(), scheduled_at: time(row.scheduledAt), started_at: time(row.startedAt),
    completed_at: time(row.completedAt), next_retry_at: state === 'retrying' ? time(row.dueAt) : null,
    expires_at: time(row.expiresAt), ...(state === 'expired' && { expired: true as const }), cancel_requested_at: time(row.cancelRequestedAt), updated_at: row.updatedAt.toISOString(),
  }
}

/** An error tells of a job that has failed and may do so again, or has for good. */
function errorGroup({ state, failures, crashes, lastError }: JobSummaryRow): string | null {
  const isOver = state === 'completed' || state === 'cancelled' || state === 'expired'
  return isOver || lastError === null || failures + crashes === 0 ? null : errorGroupOf(lastError)
}

/** A row as a whole `/api/v1` job. */
export function toJob(row: ExactJobRow): Job {
  return {
    ...toSummary(row), organization_id: row.organizationId, payload: row.payload as Job['payload'], result: (row.result ?? null) as Job['result'],
    tags: row.tags as Job['tags'], backoff: row.backoff as Job['backoff'], crashes: row.crashes, snoozes: row.snoozes, timeout_seconds: row.timeoutSeconds,
    idempotency_key: row.idempotencyKey, ordering_key: row.orderingKey, concurrency_key: row.concurrencyKey, assigned_worker_id: row.workerId,
  }
}

/** A row as the `/api/jobs` paths show it: absent instead of null, and one word for every bad end. */
export function toBespinJob(row: ExactJobRow): BespinJob {
  const state = row.state as JobState
  return {
    id: row.id, status: toBespinStatus(state), type: row.jobType ?? row.queueName,
    ...(state === 'completed' && { result: row.result as BespinJob['result'] }),
    ...(errorText(row) && { error: errorText(row) }),
    progress: row.progress, attempts: row.run, created_at: row.createdAt.toISOString(),
    ...(row.startedAt && { started_at: row.startedAt.toISOString() }),
    ...(row.completedAt && { completed_at: row.completedAt.toISOString() }),
    updated_at: row.updatedAt.toISOString(),
  }
}

/** What went wrong, in words; empty when nothing did. */
export function errorText(row: { state: string, lastError: string | null }): string {
  if (row.state === 'cancelled') return row.lastError ?? 'The job was cancelled.'
  if (row.state === 'expired') return 'The job expired before it could run.'
  return row.state === 'completed' ? '' : row.lastError ?? ''
}
