import { dispatchLag } from '#server/infra/metrics.ts'
import { claimEnvelope } from '#server/domain/engine/claim-envelope.ts'
import { finishRun } from '#server/domain/engine/finish-run.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import type { ClaimedJob } from '#server/domain/engine/store.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'

export interface RunEnvelopeOptions {
  ids: string[]
  workerId: string
  /** Runs one job to its outcome; must not throw. */
  run(job: ClaimedJob): Promise<Outcome>
  /** Called when jobs start (positive) and end (negative). */
  onRunning(change: number): void
}

/** Claims what is still pending of an envelope, runs it, and ends every run. No processor starts before the claim is committed. */
export async function runEnvelope({ ids, workerId, run, onRunning }: RunEnvelopeOptions): Promise<void> {
  const jobs = await claimEnvelope(ids, workerId)
  if (jobs.length === 0) return
  onRunning(jobs.length)
  tellChanges(jobs.map(job => ({
    id: job.id, organization_id: job.organizationId, queue_name: job.queueName, job_type: job.jobType, state: 'running', run: job.run, updated_at: job.startedAt,
  })))
  for (const job of jobs) dispatchLag.observe({ type: job.jobType }, Math.max(0, job.startedAt.getTime() - job.readyAt.getTime()))
  try {
    await Promise.all(jobs.map(async job => finishRun(job, await run(job))))
  }
  finally {
    onRunning(-jobs.length)
  }
}
