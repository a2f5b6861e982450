import { getJobFacts } from '#server/domain/jobs/get-job.ts'
import { findWorkerRecords } from '#server/domain/queues/read-workers.ts'
import { listAttemptRows, type AttemptRow, type JobFacts } from '#server/domain/jobs/store.ts'
import type { Attempt, AttemptOutcome } from '#shared/schemas/event.ts'

/**
 * The runs of a job, newest first. Runs that ended well have no row of their own: the last one is read from the job.
 * Throws NOT_FOUND.
 */
export async function readAttempts(organizationId: string, id: string, page: { before?: number, limit: number }): Promise<Attempt[]> {
  const job = await getJobFacts(organizationId, id)
  const attempts = withLastRun(job, await listAttemptRows(organizationId, id, page)).filter(each => page.before === undefined || each.run < page.before)
  return withWorkers(organizationId, attempts.slice(0, page.limit))
}

/** The same runs with what is remembered of the workers they ran on. */
async function withWorkers(organizationId: string, attempts: Attempt[]): Promise<Attempt[]> {
  const workers = await findWorkerRecords(organizationId, [...new Set(attempts.flatMap(attempt => attempt.worker_id ?? []))])
  return attempts.map((attempt) => {
    const worker = workers.get(attempt.worker_id ?? '')
    return worker === undefined ? attempt : { ...attempt, worker_name: worker.name, worker_version: worker.version }
  })
}

/** Attempt rows (newest first) and, when it has none, the run the job itself tells of. */
export function withLastRun(job: JobFacts, rows: AttemptRow[]): Attempt[] {
  const attempts = rows.map(row => toAttempt({ ...row, outcome: row.outcome as AttemptOutcome }))
  const outcome = job.state === 'running' || job.state === 'completed' ? job.state : undefined
  if (outcome === undefined || job.run === 0 || rows.some(row => row.run === job.run)) return attempts
  const { run, workerId, startedAt } = job
  return [toAttempt({ run, outcome, error: null, errorGroup: null, workerId, startedAt, finishedAt: outcome === 'completed' ? job.completedAt : null }), ...attempts]
}

interface Run { run: number, outcome: AttemptOutcome, error: string | null, errorGroup: string | null, workerId: string | null, startedAt: Date | null, finishedAt: Date | null }

function toAttempt({ run, outcome, error, errorGroup, workerId, startedAt, finishedAt }: Run): Attempt {
  return {
    run, outcome, error, error_group: errorGroup, worker_id: workerId, started_at: startedAt?.toISOString() ?? null, finished_at: finishedAt?.toISOString() ?? null,
    duration_ms: startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : null,
    worker_name: null, worker_version: null,
  }
}
