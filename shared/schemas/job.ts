import { z } from 'zod'
import { BESPIN_STATUSES, JOB_STATES, V1_STATUSES } from '../job-states.ts'
import { JOB_TYPE_NAMES } from '../job-types.ts'
import { SEARCH_LIMITS } from '../search-fields.ts'
import { Cursor, Id, Json, Limit, Offset, QueueName, StorableText, TimeInput, Timestamp } from './primitives.ts'
import { Waiting } from './waiting.ts'

export const JobState = z.enum(JOB_STATES)
export const JobTypeName = z.enum(JOB_TYPE_NAMES)
export const V1Status = z.enum(V1_STATUSES)

const DelayMs = z.number().int().min(0).max(604_800_000)
/**
 * How long to wait before retry n (n from 1), in milliseconds: `fixed` base_ms; `exponential` base_ms * factor^(n-1), at
 * most max_ms; `custom` delays_ms[n-1], the last one again when the list is over, and max_ms does not count. Up to
 * `jitter` of it is added.
 */
export const Backoff = z.strictObject({
  kind: z.enum(['fixed', 'exponential', 'custom']).default('exponential'),
  base_ms: z.number().int().min(0).max(86_400_000).default(1000),
  factor: z.number().min(1).max(10).default(2),
  max_ms: z.number().int().min(0).max(86_400_000).default(60_000),
  jitter: z.number().min(0).max(1).default(0.1),
  delays_ms: z.array(DelayMs).min(1).max(100, 'may have at most 100 entries').optional().describe('only with kind custom, and needed there'),
}).refine(backoff => (backoff.kind === 'custom') === (backoff.delays_ms !== undefined), {
  path: ['delays_ms'], message: 'belongs to kind custom, and is required there',
})
export type Backoff = z.infer<typeof Backoff>

export const Priority = z.number().int().min(-100).max(100)
export const MaxRetries = z.number().int().min(0).max(100)
export const TimeoutSeconds = z.number().int().min(1).max(86_400)
export const IdempotencyKey = StorableText.min(1).max(255)
const GateKey = StorableText.min(1).max(255)
/** How far ahead a job may be scheduled. */
export const SCHEDULE_AHEAD_MS = 3653 * 86_400_000

/**
 * What can be said about a new job (limits: contract of `/api/v1`). The size of payload (1 MiB of JSON) and tags (64 KiB)
 * is looked at where they are serialised.
 */
export const JobFields = z.strictObject({
  queue_name: QueueName.optional().describe('default: the name of the job type'),
  job_type: JobTypeName.optional().describe('a built-in type; none: an external worker takes the job'),
  payload: Json.default({}),
  priority: Priority.optional().describe('higher runs first; default 0'),
  max_retries: MaxRetries.optional().describe('default: that of the queue, of the job type, 3'),
  backoff: Backoff.optional(),
  timeout_seconds: TimeoutSeconds.optional().describe('default: that of the queue, of the job type, 300'),
  scheduled_at: TimeInput.optional().describe('not before this time; at most ten years ahead'),
  expires_at: TimeInput.optional().describe('a job that still waits at this time expires'),
  tags: z.record(z.string(), Json).optional(),
  idempotency_key: IdempotencyKey.optional(),
  idempotency_window_seconds: z.number().int().min(1).max(31_536_000).optional().describe('how long the key means this job'),
  ordering_key: GateKey.optional().describe('jobs of one key run one at a time and in order'),
  concurrency_key: GateKey.optional().describe('of one key only so many run at once as the queue says (default 1)'),
}).superRefine(({ scheduled_at: scheduledAt, expires_at: expiresAt, ...fields }, context) => {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
  if (scheduledAt !== undefined && Date.parse(scheduledAt) > Date.now() + SCHEDULE_AHEAD_MS) refuse('scheduled_at', 'must be at most ten years ahead')
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) refuse('expires_at', 'must lie in the future')
  if (scheduledAt !== undefined && expiresAt !== undefined && expiresAt <= scheduledAt) refuse('expires_at', 'must be after scheduled_at')
  if (fields.idempotency_window_seconds !== undefined && fields.idempotency_key === undefined) refuse('idempotency_window_seconds', 'needs an idempotency_key')
})
export type JobFields = z.infer<typeof JobFields>

/** Body of `POST /api/v1/jobs`. */
export const CreateJobBody = JobFields.refine(body => body.queue_name !== undefined || body.job_type !== undefined, {
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
  error_group: Id.nullable().describe('the group of the last error, while it counts'),
  created_at: Timestamp,
  scheduled_at: Timestamp.nullable(),
  started_at: Timestamp.nullable(),
  completed_at: Timestamp.nullable(),
  next_retry_at: Timestamp.nullable(),
  expires_at: Timestamp.nullable(),
  expired: z.literal(true).optional().describe('its time was over before it ended'),
  cancel_requested_at: Timestamp.nullable().describe('it runs and was told to stop'),
  updated_at: Timestamp,
  waiting: Waiting.optional().describe('why it does not run: of every job that neither runs nor is over'),
})
export type JobSummary = z.infer<typeof JobSummary>

/** A whole job on `/api/v1`. */
export const Job = JobSummary.extend({
  organization_id: Id,
  payload: Json,
  result: Json.nullable(),
  tags: z.record(z.string(), Json).nullable(),
  backoff: Backoff.nullable(),
  crashes: z.number().describe('runs that ended their process'),
  snoozes: z.number().describe('runs that asked to be run later'),
  timeout_seconds: z.number(),
  idempotency_key: z.string().nullable(),
  ordering_key: z.string().nullable(),
  concurrency_key: z.string().nullable(),
  assigned_worker_id: z.string().nullable(),
})
export type Job = z.infer<typeof Job>

/** `a,b` or repeated parameters become a list. */
const listOf = <T extends z.ZodType>(item: T) =>
  z.preprocess(value => (Array.isArray(value) ? value : [value]).flatMap(part => String(part).split(',')), z.array(item).min(1).max(20)).optional()

/** A search for jobs (shared/job-search.ts). What is wrong in it is said where it is read, with its place. */
export const SearchText = z.string().max(SEARCH_LIMITS.length, `may have at most ${SEARCH_LIMITS.length} characters`)

export const ListJobsQuery = z.object({
  queue_name: QueueName.optional(),
  queue: QueueName.optional().describe('same as queue_name'),
  status: V1Status.optional(),
  state: listOf(JobState).describe('our words; several with commas'),
  job_type: StorableText.min(1).max(100).optional(),
  tag: StorableText.regex(/^[^:]{1,100}(:.{0,255})?$/su, 'must be a tag (key) or key:value').optional().describe('key or key:value; pages may be short or empty while a next cursor is given'),
  error_group: Id.optional().describe('the id of an error: jobs with a run that failed so (of those that ended failed: the last run); pages may be short while a next cursor is given'),
  q: SearchText.optional().describe('a search: free words (an id, text of the error, a tag, queue or type) and qualifiers such as payload.user.id:42 error:timeout -queue:mail age:<1h'),
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
