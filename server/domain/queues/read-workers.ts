import { AppError } from '#server/domain/app-error.ts'
import { listWorkerRecords, listWorkerRows, runningRows, type WorkerRow } from '#server/domain/queues/store.ts'
import { RunnerDocument } from '#shared/schemas/code.ts'
import type { Worker, WorkerStatus, WorkerSummary } from '#shared/schemas/worker.ts'

/** Worker processes, oldest first; they serve every organization. */
export async function listWorkers(organizationId: string): Promise<WorkerSummary[]> {
  return (await listWorkerRows(organizationId)).map(toSummary)
}

/** One worker process with the caller's jobs that run on it. Throws NOT_FOUND. */
export async function getWorker(organizationId: string, id: string): Promise<Worker> {
  const [row] = await listWorkerRows(organizationId, id)
  if (!row) throw new AppError('NOT_FOUND', `There is no worker ${id}. Workers that are gone are forgotten after a minute.`)
  const runs = await runningRows(organizationId, row.jobIds)
  return {
    ...toSummary(row), organization_id: null, worker_type: null, pid: row.pid, running_jobs: runs.map(run => run.id),
    runs: runs.map(run => ({ job_id: run.id, queue_name: run.queueName, job_type: run.jobType, run: run.run, since: run.startedAt?.toISOString() ?? null })),
    handler_ms: row.handlerMs as Record<string, number>, runner: RunnerDocument.safeParse(row.runner).data ?? null, metadata: {}, registered_at: row.startedAt.toISOString(), updated_at: row.heartbeatAt.toISOString(),
  }
}

/** How many worker processes there are, and how many of them take work. */
export async function countWorkers(organizationId: string): Promise<{ total: number, healthy: number }> {
  const rows = await listWorkerRows(organizationId)
  return { total: rows.length, healthy: rows.filter(row => statusOf(row) === 'healthy').length }
}

/** Names and versions of workers by id, also of those that are gone, for as long as history is kept. */
export async function findWorkerRecords(organizationId: string, ids: string[]): Promise<Map<string, { name: string, version: string }>> {
  const rows = ids.length === 0 ? [] : await listWorkerRecords(organizationId, ids)
  return new Map(rows.map(row => [row.workerId, { name: row.name || row.hostname, version: row.version }]))
}

function toSummary(row: WorkerRow): WorkerSummary {
  return {
    id: row.id, name: row.name, queue_name: row.queues[0] ?? '', queue_names: row.queues, hostname: row.hostname, status: statusOf(row),
    current_jobs: row.running, max_concurrency: row.slots, version: row.version, last_heartbeat: row.heartbeatAt.toISOString(),
    rss_bytes: Number(row.rssBytes), heap_bytes: Number(row.heapBytes), drain: drainOf(row),
  }
}

function drainOf({ drainWantedAt, drainWantedBy, drainReason }: WorkerRow): WorkerSummary['drain'] {
  return drainWantedAt && { since: drainWantedAt.toISOString(), by: drainWantedBy ?? '', reason: drainReason }
}

function statusOf({ alive, status, drainWantedAt }: WorkerRow): WorkerStatus {
  if (!alive) return 'offline'
  if (status === 'draining' || drainWantedAt) return 'draining'
  return status === 'running' ? 'healthy' : 'degraded'
}
