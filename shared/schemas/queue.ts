import { z } from 'zod'
import { MaxRetries, TimeoutSeconds } from './job.ts'
import { Cursor, Id, Json, Limit, QueueName, Reason, Timestamp } from './primitives.ts'

const nullableCount = z.number().int().nullable()

/** How a queue moves, over the last one to two minutes. */
export const QueueFigures = z.object({
  in_per_second: z.number().describe('jobs created'),
  out_per_second: z.number().describe('jobs that ended, however'),
  oldest_waiting_seconds: z.number().nullable().describe('age of the job that has waited longest for its turn'),
  drain_seconds: z.number().nullable().describe('until nothing waits if it goes on like this; null: never that way'),
})
export type QueueFigures = z.infer<typeof QueueFigures>

/** A queue in a list: its rules and what waits in it. A queue without a configuration (`configured: false`) has the defaults. */
export const QueueSummary = QueueFigures.extend({
  queue_name: z.string(),
  configured: z.boolean(),
  max_retries: z.number().int(),
  default_timeout: z.number().int().describe('seconds'),
  rate_limit: nullableCount.describe('jobs started per rate_period_seconds'),
  rate_period_seconds: z.number().int(),
  concurrency: nullableCount.describe('jobs running at once'),
  concurrency_per_key: z.number().int().describe('jobs of one concurrency_key running at once'),
  enabled: z.boolean().describe('false: takes no new jobs'),
  paused: z.boolean().describe('true: starts no jobs'),
  paused_at: Timestamp.nullable(),
  pause_reason: z.string().nullable(),
  paused_by: z.string().nullable(),
  pending_jobs: z.number().int(),
  processing_jobs: z.number().int(),
})
export type QueueSummary = z.infer<typeof QueueSummary>

export const Queue = QueueSummary.extend({
  id: z.string().describe('the name again'),
  organization_id: Id,
  retention_days: nullableCount.describe('how long finished jobs are kept; null: as the server is set'),
  settings: z.record(z.string(), Json),
  created_at: Timestamp.nullable(),
  updated_at: Timestamp.nullable(),
})
export type Queue = z.infer<typeof Queue>

export const ListQueuesQuery = z.object({ limit: Limit, cursor: Cursor.optional() })

/** Body of `PUT /api/v1/queues/{name}/config`: what is absent stays, null takes a rule away. */
export const QueueConfigBody = z.strictObject({
  queue_name: QueueName.optional().describe('if given, the name in the path'),
  max_retries: MaxRetries.nullable().optional(),
  default_timeout: TimeoutSeconds.nullable().optional(),
  rate_limit: z.number().int().min(1).max(100_000).nullable().optional(),
  rate_period_seconds: z.number().int().min(1).max(86_400).optional(),
  concurrency: z.number().int().min(1).max(10_000).nullable().optional(),
  concurrency_per_key: z.number().int().min(1).max(1000).optional(),
  retention_days: z.number().int().min(1).max(36_500).nullable().optional(),
  enabled: z.boolean().optional(),
  settings: z.record(z.string(), Json).optional(),
  reason: Reason,
})
export type QueueConfigBody = z.infer<typeof QueueConfigBody>

export const QueueStats = QueueFigures.extend({
  queue_name: z.string(),
  pending_jobs: z.number().int(),
  scheduled_jobs: z.number().int(),
  processing_jobs: z.number().int(),
  deadletter_jobs: z.number().int(),
  completed_jobs_24h: z.number().int(),
  failed_jobs_24h: z.number().int(),
  avg_processing_time_ms: z.number().nullable().describe('over the newest finished jobs'),
  max_job_age_seconds: z.number().nullable().describe('age of the job that has waited longest for its turn'),
  active_workers: z.number().int(),
})
export type QueueStats = z.infer<typeof QueueStats>

export const PauseQueueResult = z.object({ queue_name: z.string(), paused: z.boolean(), paused_at: Timestamp, reason: z.string().nullable() })
export const ResumeQueueResult = z.object({ queue_name: z.string(), resumed: z.boolean(), paused_duration_secs: z.number() })
