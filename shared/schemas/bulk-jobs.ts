import { z } from 'zod'
import { JobTypeName, MaxRetries, Priority, TimeoutSeconds, type JobFields } from './job.ts'
import { Id, QueueName } from './primitives.ts'

/** Most jobs of one call. */
export const BULK_MAX = 10_000

/** A row is judged one by one, so that a bad one fails alone: here it may be anything. */
const Row = (z.unknown() as z.ZodType<unknown, z.input<typeof JobFields>>)
  .meta({ type: 'object', description: 'has the fields of POST /api/v1/jobs; queue_name and job_type are those of the call unless it says otherwise' })

/** Body of `POST /api/v1/jobs/bulk`; `default_*` serve rows that do not say. */
export const BulkJobsBody = z.strictObject({
  queue_name: QueueName.optional(),
  job_type: JobTypeName.optional(),
  jobs: z.array(Row).min(1).max(BULK_MAX),
  default_priority: Priority.optional(),
  default_max_retries: MaxRetries.optional(),
  default_timeout_seconds: TimeoutSeconds.optional(),
})
export type BulkJobsBody = z.infer<typeof BulkJobsBody>

const Count = z.number().int()
/** What became of each row, by its place in the call. */
export const BulkJobsResult = z.object({
  succeeded: z.array(z.object({ index: Count, job_id: Id, created: z.boolean() })),
  failed: z.array(z.object({ index: Count, error: z.string() })),
  total: Count, success_count: Count, failure_count: Count,
})
export type BulkJobsResult = z.infer<typeof BulkJobsResult>
