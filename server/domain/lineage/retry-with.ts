import { AppError } from '#server/domain/app-error.ts'
import { acceptLinked } from '#server/domain/engine/accept-linked.ts'
import { isDataError } from '#server/domain/engine/split-on-data-error.ts'
import { dataErrorText } from '#server/domain/jobs/create-job.ts'
import { getJob } from '#server/domain/jobs/get-job.ts'
import { judgeFor } from '#server/domain/jobs/judge-job.ts'
import { openJudges } from '#server/domain/jobs/payload-judges.ts'
import type { JobAction } from '#server/domain/jobs/operate-job.ts'
import type { ExactJobRow } from '#server/domain/jobs/store.ts'
import { isFinal, type JobState } from '#shared/job-states.ts'
import type { JobFields } from '#shared/schemas/job.ts'

/**
 * Makes a new job of one that is over, with another payload and all else as it was (queue, type, priority, limits, tags and
 * keys; not the idempotency key, nor times). It is linked to its origin. Throws NOT_FOUND, CONFLICT (the job is not over, its
 * queue is disabled), VALIDATION_ERROR and PAYLOAD_TOO_LARGE for the payload.
 */
export async function retryWith({ payload, ...action }: JobAction & { payload: unknown }): Promise<{ id: string, origin_id: string }> {
  const { organizationId, id, actor, reason } = action
  const origin = await getJob(organizationId, id)
  if (!isFinal(origin.state as JobState)) throw notOver(origin)
  const judges = await openJudges(organizationId, [origin.jobType], 'payload')
  const job = judgeFor(organizationId, {}, { judges, payloadField: 'payload' })({ ...fieldsOf(origin), payload } as JobFields)
  try {
    const made = await acceptLinked(job, { originId: origin.id, actor, reason })
    if (made === null) throw notOver(await getJob(organizationId, id))
    return { id: made, origin_id: origin.id }
  }
  catch (error) {
    throw isDataError(error) ? new AppError('VALIDATION_ERROR', dataErrorText(error)) : error
  }
}

const notOver = ({ id, state }: ExactJobRow) =>
  new AppError('CONFLICT', `Job ${id} is ${state}; a job can be made again with another payload once it is over. Cancel it first, or wait for its end.`)

/** What the new job takes over, as it would have been said by a caller. */
const fieldsOf = (row: ExactJobRow) => ({
  queue_name: row.queueName, ...(row.jobType !== null && { job_type: row.jobType }), priority: row.priority, max_retries: row.maxRetries,
  timeout_seconds: row.timeoutSeconds, ...(row.backoff !== null && { backoff: row.backoff }), ...(row.tags !== null && { tags: row.tags }),
  ...(row.orderingKey !== null && { ordering_key: row.orderingKey }), ...(row.concurrencyKey !== null && { concurrency_key: row.concurrencyKey }),
})
