import { getConfig } from '#server/config.ts'
import { readHealth } from '#server/domain/engine/read-health.ts'
import { readSeries } from '#server/domain/jobs/read-series.ts'
import { countByState, meanTimes, type StateCount } from '#server/domain/jobs/store.ts'
import { pausedQueues } from '#server/domain/queues/read-queues.ts'
import { countWorkers } from '#server/domain/queues/read-workers.ts'
import { STARTED_AT } from '#server/infra/version.ts'
import { toV1Status } from '#shared/job-states.ts'
import type { Dashboard } from '#shared/schemas/system.ts'

const QUEUES_SHOWN = 20

/** The organization in numbers, from counters and per-minute series; no scan of the jobs. */
export async function readDashboard(organizationId: string): Promise<Dashboard> {
  const [health, counts, means, workers, paused, hour, day] = await Promise.all([
    readHealth(), countByState(organizationId), meanTimes(organizationId), countWorkers(organizationId), pausedQueues(organizationId),
    totals(organizationId, '1h'), totals(organizationId, '24h'),
  ])
  const sum = (status: string) => counts.filter(row => toV1Status(row.state) === status).reduce((total, row) => total + row.count, 0)
  return {
    system: {
      version: health.version, uptime_seconds: health.uptime_seconds, started_at: STARTED_AT.toISOString(),
      database_status: health.database ? 'healthy' : 'unhealthy', cache_status: health.cache ? 'healthy' : 'unhealthy', environment: getConfig().mode,
    },
    jobs: {
      total: counts.reduce((total, row) => total + row.count, 0), pending: sum('pending'), processing: sum('processing'),
      completed_24h: day.completed, failed_24h: day.failed, deadletter: sum('deadletter'),
      avg_wait_time_ms: means.wait, avg_processing_time_ms: means.processing,
    },
    queues: toQueues(counts, paused),
    workers: { total: workers.total, healthy: workers.healthy, unhealthy: workers.total - workers.healthy },
    recent_activity: { jobs_created_1h: hour.created, jobs_completed_1h: hour.completed, jobs_failed_1h: hour.failed },
  }
}

async function totals(organizationId: string, range: '1h' | '24h') {
  const { series } = await readSeries(organizationId, { metric: ['created', 'completed', 'failed'], range })
  const of = (metric: string) => series.find(each => each.metric === metric)?.points.reduce<number>((total, point) => total + (point ?? 0), 0) ?? 0
  return { created: of('created'), completed: of('completed'), failed: of('failed') }
}

function toQueues(counts: StateCount[], paused: Set<string>): Dashboard['queues'] {
  const names = [...new Set(counts.map(row => row.queueName))].sort().slice(0, QUEUES_SHOWN)
  const count = (name: string, status: string) =>
    counts.filter(row => row.queueName === name && toV1Status(row.state) === status).reduce((total, row) => total + row.count, 0)
  return names.map(name => ({ name, pending: count(name, 'pending'), processing: count(name, 'processing'), paused: paused.has(name) }))
}
