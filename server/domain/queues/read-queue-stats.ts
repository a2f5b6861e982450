import { countJobs } from '#server/domain/jobs/count-jobs.ts'
import { readRecent } from '#server/domain/jobs/read-series.ts'
import { readFigures } from '#server/domain/queues/read-figures.ts'
import { findQueue } from '#server/domain/queues/read-queues.ts'
import { listWorkerRows } from '#server/domain/queues/store.ts'
import type { QueueStats } from '#shared/schemas/queue.ts'

/** One queue in numbers: counters, per-minute series and a bounded sample, no scan of its jobs. Throws NOT_FOUND. */
export async function readQueueStats(organizationId: string, name: string): Promise<QueueStats> {
  const source = await findQueue(organizationId, name)
  const [stats, recent, workers, moving] = await Promise.all([
    countJobs(organizationId, name), readRecent(organizationId, name), listWorkerRows(organizationId),
    readFigures(organizationId, [source]),
  ])
  const figures = moving.get(name)!
  const lanes = [name, ...source.count?.jobTypes ?? []]
  return {
    queue_name: name, pending_jobs: stats.pending, scheduled_jobs: stats.scheduled, processing_jobs: stats.processing, deadletter_jobs: stats.deadletter,
    completed_jobs_24h: recent.completed, failed_jobs_24h: recent.failed, avg_processing_time_ms: recent.processingMs,
    max_job_age_seconds: figures.oldest_waiting_seconds, ...figures,
    active_workers: workers.filter(worker => worker.alive && worker.queues.some(lane => lanes.includes(lane))).length,
  }
}
