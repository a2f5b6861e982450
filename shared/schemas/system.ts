import { z } from 'zod'
import { Timestamp } from './primitives.ts'

export const Greeting = z.object({ name: z.string(), version: z.string(), links: z.object({ docs: z.string(), openapi: z.string(), health: z.string() }) })
export const TestAnswer = z.object({ message: z.string(), timestamp: Timestamp })

/** One part of the system and whether it answers. */
export const HealthPart = z.object({ name: z.enum(['database', 'belt', 'workers', 'isolation']), ok: z.boolean(), detail: z.string() })
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

export const SERIES_METRICS = ['created', 'started', 'completed', 'failed'] as const
export const SERIES_RANGES = { '1h': 3_600, '24h': 86_400, '7d': 604_800 } as const
export const SeriesQuery = z.object({
  metric: z.preprocess(value => (typeof value === 'string' ? value.split(',') : value), z.array(z.enum(SERIES_METRICS)).min(1)).default(['completed', 'failed']),
  range: z.enum(Object.keys(SERIES_RANGES) as [keyof typeof SERIES_RANGES, ...(keyof typeof SERIES_RANGES)[]]).default('1h'),
})
/** Jobs per step; `points[i]` begins at `from + i * step_seconds`. */
export const Series = z.object({
  range: z.string(), from: Timestamp, step_seconds: z.number(),
  series: z.array(z.object({ metric: z.enum(SERIES_METRICS), points: z.array(z.number()) })),
})
export type Series = z.infer<typeof Series>
