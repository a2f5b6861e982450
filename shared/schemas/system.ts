import { z } from 'zod'
import { Id, QueueName, Timestamp } from './primitives.ts'

export const Greeting = z.object({ name: z.string(), version: z.string(), links: z.object({ docs: z.string(), openapi: z.string(), health: z.string() }) })
export const TestAnswer = z.object({ message: z.string(), timestamp: Timestamp })

/** One part of the system and whether it answers. */
export const HealthPart = z.object({ name: z.enum(['database', 'belt', 'workers', 'code', 'isolation']), ok: z.boolean(), detail: z.string() })
export const Health = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  database: z.boolean(),
  cache: z.boolean().describe('the belt answers; true when it runs on PostgreSQL by choice'),
  reason: z.string().optional(),
  belt: z.enum(['redis', 'postgres']),
  parts: z.array(HealthPart),
  version: z.string(),
  uptime_seconds: z.number(),
  open_connections: z.number().int(), in_use: z.number().int(), idle: z.number().int(),
  wait_count: z.number().int().describe('requests for a connection that had to wait, since the start'),
  wait_duration: z.number().describe('milliseconds they waited in all'),
})
export type Health = z.infer<typeof Health>
export const Readiness = z.object({ ready: z.boolean(), reason: z.string().optional() })

const nullableMs = z.number().nullable()
/** The state of one organization in numbers (`/api/v1` dashboard shape). */
export const Dashboard = z.object({
  system: z.object({
    version: z.string(), uptime_seconds: z.number(), started_at: Timestamp, database_status: z.string(), cache_status: z.string(), environment: z.string(),
  }),
  jobs: z.object({
    total: z.number(), pending: z.number(), processing: z.number(), completed_24h: z.number(), failed_24h: z.number(), deadletter: z.number(),
    avg_wait_time_ms: nullableMs, avg_processing_time_ms: nullableMs,
  }),
  queues: z.array(z.object({ name: z.string(), pending: z.number(), processing: z.number(), paused: z.boolean() })),
  workers: z.object({ total: z.number(), healthy: z.number(), unhealthy: z.number() }),
  recent_activity: z.object({ jobs_created_1h: z.number(), jobs_completed_1h: z.number(), jobs_failed_1h: z.number() }),
})
export type Dashboard = z.infer<typeof Dashboard>

/** What is counted per step (jobs), how long it took (milliseconds; p50: half of them took no longer), and how many there were (jobs). */
export const COUNT_METRICS = ['created', 'started', 'completed', 'failed', 'retried'] as const
export const TIME_METRICS = ['wait_p50', 'wait_p95', 'run_p50', 'run_p95'] as const
export const DEPTH_METRICS = ['depth', 'running'] as const
export const SERIES_METRICS = [...COUNT_METRICS, ...TIME_METRICS, ...DEPTH_METRICS] as const
export type SeriesMetric = (typeof SERIES_METRICS)[number]
export const SERIES_RANGES = { '1h': 3_600, '24h': 86_400, '7d': 604_800 } as const
export const SeriesQuery = z.object({
  metric: z.preprocess(value => (typeof value === 'string' ? value.split(',') : value), z.array(z.enum(SERIES_METRICS)).min(1)).default(['completed', 'failed']),
  range: z.enum(Object.keys(SERIES_RANGES) as [keyof typeof SERIES_RANGES, ...(keyof typeof SERIES_RANGES)[]]).default('1h'),
  queue_name: QueueName.optional(),
})
/** `points[i]` belongs to the step that begins at `from + i * step_seconds`; a time is null where nothing was measured. */
export const Series = z.object({
  range: z.string(), from: Timestamp, step_seconds: z.number(),
  series: z.array(z.object({ metric: z.enum(SERIES_METRICS), unit: z.enum(['jobs', 'ms']), points: z.array(z.number().nullable()),
    now: z.number().optional().describe('depth and running: what it is now; a point is the highest of its step'),
  })),
})
export type Series = z.infer<typeof Series>

/** What will happen by itself next: a scheduled job starts, a retry is due, a job that waits expires. */
export const UPCOMING_KINDS = ['scheduled', 'retry', 'expiry'] as const
export const UpcomingQuery = z.object({ limit: z.coerce.number({ error: 'must be a whole number from 1 to 100' }).int().min(1).max(100).default(20), queue_name: QueueName.optional() })
export const Upcoming = z.object({
  job_id: Id, kind: z.enum(UPCOMING_KINDS), at: Timestamp, queue_name: z.string(), job_type: z.string().nullable(),
})
export type Upcoming = z.infer<typeof Upcoming>
