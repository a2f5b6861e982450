import { z } from 'zod'
import { BESPIN_STATUSES, JOB_STATES, V1_STATUSES } from '../job-states.ts'
import { JOB_TYPE_NAMES } from '../job-types.ts'
import { Cursor, Id, Json, Limit, Offset, QueueName, StorableJson, StorableText, Timestamp } from './primitives.ts'

export const JobState = z.enum(JOB_STATES)
export const JobTypeName = z.enum(JOB_TYPE_NAMES)
export const V1Status = z.enum(V1_STATUSES)

/** How long to wait before retry n (n from 1): fixed `base_ms`, or `base_ms * factor^(n-1)`, at most `max_ms`, plus up to `jitter` of it. */
export const Backoff = z.strictObject({
  kind: z.enum(['fixed', 'exponential']).default('exponential'),
  base_ms: z.number().int().min(0).max(86_400_000).default(1000),
  factor: z.number().min(1).max(10).default(2),
  max_ms: z.number().int().min(0).max(86_400_000).default(60_000),
  jitter: z.number().min(0).max(1).default(0.1),
})
export type Backoff = z.infer<typeof Backoff>

/** Body of `POST /api/v1/jobs` (limits: contract of `/api/v1`). */
export const CreateJobBody = z.strictObject({
  queue_name: QueueName.optional().describe('default: the name of the job type'),
  job_type: JobTypeName.optional().describe('a built-in type; none: an external worker takes the job'),
  payload: StorableJson.default({}),
  priority: z.number().int().min(-100).max(100).default(0),
  max_retries: z.number().int().min(0).max(100).optional(),
  backoff: Backoff.optional(),
  timeout_seconds: z.number().int().min(1).max(86_400).optional(),
  scheduled_at: Timestamp.optional(),
  tags: z.record(StorableText, StorableJson).optional(),
  idempotency_key: StorableText.min(1).max(255).optional(),
}).refine(body => body.queue_name !== undefined || body.job_type !== undefined, {
  path: ['queue_name'], message: 'is required when there is no job_type',
})
export type CreateJobBody = z.infer<typeof CreateJobBody>
export const CreateJobResult = z.object({ id: Id, created: z.boolean() })

/** One row of a job list on `/api/v1`. */
export const JobSummary = z.object({
  id: Id,
  queue_name: z.string(),
  job_type: z.string().nullable(),
  status: V1Status,
  state: JobState,
  priority: z.number(),
  attempt: z.number().describe('runs so far'),
  retry_count: z.number().describe('failed runs so far'),
  max_retries: z.number(),
  progress: z.number().describe('0 to 1'),
  last_error: z.string().nullable(),
  created_at: Timestamp,
  scheduled_at: Timestamp.nullable(),
  started_at: Timestamp.nullable(),
  completed_at: Timestamp.nullable(),
  next_retry_at: Timestamp.nullable(),
  updated_at: Timestamp,
})
export type JobSummary = z.infer<typeof JobSummary>

/** A whole job on `/api/v1`. */
export const Job = JobSummary.extend({
  organization_id: Id,
  payload: Json,
  result: Json.nullable(),
  tags: z.record(z.string(), Json).nullable(),
  timeout_seconds: z.number(),
  idempotency_key: z.string().nullable(),
  assigned_worker_id: z.string().nullable(),
})
export type Job = z.infer<typeof Job>

/** `a,b` or repeated parameters become a list. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(value => (Array.isArray(value) ? value : [value]).flatMap(part => String(part).split(',')), z.array(item).min(1).max(20)).optional()

export const ListJobsQuery = z.object({
  queue_name: QueueName.optional(),
  queue: QueueName.optional().describe('same as queue_name'),
  status: V1Status.optional(),
  state: listOf(JobState).describe('our words; several with commas'),
  job_type: StorableText.min(1).max(100).optional(),
  q: z.string().regex(/^[0-9a-fA-F-]{1,36}$/, 'must be a job id or its beginning').optional(),
  limit: Limit,
  offset: Offset.optional(),
  cursor: Cursor.optional(),
})
export type ListJobsQuery = z.infer<typeof ListJobsQuery>

const Count = z.number().int()
export const JobStats = z.object({
  pending: Count, scheduled: Count, processing: Count, completed: Count, failed: Count, deadletter: Count, cancelled: Count,
  total: Count,
  states: z.object(Object.fromEntries(JOB_STATES.map(state => [state, Count])) as Record<(typeof JOB_STATES)[number], typeof Count>),
})
export type JobStats = z.infer<typeof JobStats>

/** A job on the `/api/jobs` paths. */
export const BespinJob = z.object({
  id: Id,
  status: z.enum(BESPIN_STATUSES),
  type: z.string(),
  result: Json.optional(),
  error: z.string().optional(),
  progress: z.number(),
  attempts: z.number(),
  created_at: Timestamp,
  started_at: Timestamp.optional(),
  completed_at: Timestamp.optional(),
  updated_at: Timestamp,
})
export type BespinJob = z.infer<typeof BespinJob>
export const BespinJobList = z.object({ jobs: z.array(BespinJob), count: z.number(), next_cursor: z.string().nullable() })
export const ListBespinJobsQuery = z.object({
  status: z.enum(BESPIN_STATUSES).optional(), type: StorableText.min(1).max(100).optional(), limit: Limit, cursor: Cursor.optional(),
})
/** Answer to a created job on the `/api/jobs` paths: one id under the three names its clients read. */
export const CreatedBespinJob = z.object({ id: Id, job_id: Id, jobId: Id, status: z.literal('pending') })
