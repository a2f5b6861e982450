import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { databaseStats } from '#server/infra/database.ts'

/** Everything this process measures, in Prometheus' text form through `registry.metrics()`. */
export const registry = new Registry()

export const httpRequests = new Counter({
  name: 'http_requests_total', help: 'HTTP requests answered', labelNames: ['method', 'path', 'status'] as const, registers: [registry],
})
export const httpDuration = new Histogram({
  name: 'http_request_duration_ms', help: 'Time to answer an HTTP request', labelNames: ['method', 'path'] as const,
  buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000], registers: [registry],
})
export const jobsAccepted = new Counter({
  name: 'bespin_jobs_accepted_total', help: 'Jobs accepted and committed', labelNames: ['type'] as const, registers: [registry],
})
export const jobsFinished = new Counter({
  name: 'bespin_jobs_finished_total', help: 'Jobs that reached a final state in this process', labelNames: ['type', 'outcome'] as const, registers: [registry],
})
export const jobDuration = new Histogram({
  name: 'bespin_job_duration_ms', help: 'Time a processor took', labelNames: ['type'] as const,
  buckets: [1, 5, 10, 50, 100, 500, 1000, 5000, 30_000, 300_000], registers: [registry],
})
export const dispatchLag = new Histogram({
  name: 'bespin_dispatch_lag_ms', help: 'Time from when a job was due until a worker started it', labelNames: ['type'] as const,
  buckets: [1, 2, 5, 10, 25, 50, 100, 500, 1000, 5000, 30_000], registers: [registry],
})
export const receiptsReceived = new Counter({
  name: 'bespin_receipts_total', help: 'Webhooks received', labelNames: ['source', 'outcome'] as const, registers: [registry],
})
export const liveSockets = new Gauge({
  name: 'bespin_live_sockets', help: 'Open WebSockets', labelNames: ['route'] as const, registers: [registry],
})

const connections = new Gauge({
  name: 'bespin_database_connections', help: 'Connections to PostgreSQL of this process', labelNames: ['state'] as const, registers: [registry],
  collect() {
    const { inUse, idle } = databaseStats()
    this.set({ state: 'in_use' }, inUse)
    this.set({ state: 'idle' }, idle)
  },
})
const waits = new Gauge({
  name: 'bespin_database_wait_count', help: 'Queries that waited for a connection since the start', registers: [registry],
  collect() { this.set(databaseStats().waitCount) },
})
void connections
void waits

/** Adds process metrics (CPU, memory, event loop); called once by an entry point. */
export const collectProcessMetrics = (): void => collectDefaultMetrics({ register: registry })
