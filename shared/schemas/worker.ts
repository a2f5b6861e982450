import { z } from 'zod'
import { RunnerDocument } from './code.ts'
import { Id, Json, Timestamp } from './primitives.ts'

export const WORKER_STATUSES = ['healthy', 'degraded', 'offline', 'draining'] as const
export type WorkerStatus = (typeof WORKER_STATUSES)[number]

/** A worker process in a list. Times are the database's. */
export const WorkerSummary = z.object({
  id: Id,
  name: z.string(),
  queue_name: z.string().describe('the first of queue_names'),
  queue_names: z.array(z.string()).describe('the job types it runs'),
  hostname: z.string(),
  status: z.enum(WORKER_STATUSES).describe('degraded: it lives and takes no work; draining: it finishes what it has and takes no more; offline: not heard of for eight seconds'),
  current_jobs: z.number().int(),
  max_concurrency: z.number().int(),
  version: z.string(),
  last_heartbeat: Timestamp,
  rss_bytes: z.number().int().describe('memory of the process'),
  heap_bytes: z.number().int().describe('of that, the JavaScript heap of its main thread'),
  drain: z.object({ since: Timestamp, by: z.string(), reason: z.string().nullable() }).nullable().describe('somebody wants it to take no more'),
})
export type WorkerSummary = z.infer<typeof WorkerSummary>

export const Worker = WorkerSummary.extend({
  organization_id: Id.nullable().describe('null: it serves every organization'),
  worker_type: z.string().nullable(),
  pid: z.number().int(),
  running_jobs: z.array(Id).describe('those of the caller\'s organization, at most 100'),
  runs: z.array(z.object({ job_id: Id, queue_name: z.string(), job_type: z.string().nullable(), run: z.number().int(), since: Timestamp.nullable() })).describe('the same, longest running first'),
  handler_ms: z.record(z.string(), z.number()).describe('mean milliseconds of a run, by job type'),
  runner: RunnerDocument.nullable().describe('what it proved of its sandbox and found of languages; null when it runs no code, or is still at it'),
  metadata: z.record(z.string(), Json),
  registered_at: Timestamp,
  updated_at: Timestamp,
})
export type Worker = z.infer<typeof Worker>
