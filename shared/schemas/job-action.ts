import { z } from 'zod'
import { JobState, Priority, V1Status } from './job.ts'
import { Cursor, Id, Limit, Offset, QueueName, Reason, TimeInput, Timestamp } from './primitives.ts'

export const PriorityBody = z.strictObject({ priority: Priority, reason: Reason })
export const PriorityResult = z.object({ job_id: Id, old_priority: z.number(), new_priority: z.number() })
/** A reason may also stand in the query: some clients send no body with DELETE. */
export const ReasonQuery = z.object({ reason: Reason })

/** `ids=a,b`, at most 100. */
export const JobStatusQuery = z.object({
  ids: z.preprocess(value => (Array.isArray(value) ? value : [value]).flatMap(part => String(part ?? '').split(',')), z.array(Id).min(1).max(100)),
})
/** One job of `GET /api/v1/jobs/status`; ids that are not known are left out. */
export const JobStatusRow = z.object({
  id: Id, status: V1Status, state: JobState, queue_name: z.string(), retry_count: z.number(), created_at: Timestamp, completed_at: Timestamp.nullable(),
})
export type JobStatusRow = z.infer<typeof JobStatusRow>

export const ListDeadLetterQuery = z.object({ queue_name: QueueName.optional(), limit: Limit, offset: Offset.optional(), cursor: Cursor.optional() })
/** Retries these failed jobs, or the oldest ones of a queue or of all. */
export const RetryDeadLetterBody = z.strictObject({
  job_ids: z.array(Id).min(1).max(1000).optional(),
  queue_name: QueueName.optional(),
  limit: z.number().int().min(1).max(1000).default(100),
  reason: Reason,
}).refine(body => body.job_ids === undefined || body.queue_name === undefined, { path: ['queue_name'], message: 'and job_ids exclude each other' })
export type RetryDeadLetterBody = z.infer<typeof RetryDeadLetterBody>
export const RetryDeadLetterResult = z.object({ retried_count: z.number(), retried_jobs: z.array(Id) })

/** Deletes failed jobs for good, oldest first. */
export const PurgeDeadLetterBody = z.strictObject({
  queue_name: QueueName.optional(),
  older_than: TimeInput.optional().describe('only jobs that failed before this time'),
  limit: z.number().int().min(1).max(10_000).default(10_000),
  confirm: z.literal(true, { error: 'must be true: purged jobs are gone for good' }),
  reason: Reason,
})
export type PurgeDeadLetterBody = z.infer<typeof PurgeDeadLetterBody>
export const PurgeDeadLetterResult = z.object({ purged_count: z.number() })
