import { dispatchLag } from '#server/infra/metrics.ts'
import { claimEnvelope } from '#server/domain/engine/claim-envelope.ts'
import { finishRun } from '#server/domain/engine/finish-run.ts'
import { noteTime } from '#server/domain/engine/note-times.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { returnToWaiting } from '#server/domain/engine/waiting-room.ts'
import type { ClaimedJob } from '#server/domain/engine/store.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'

export interface EnvelopeOptions {
  ids: string[]
  workerId: string
  /** Runs one job to its outcome; must not throw. */
  run(job: ClaimedJob): Promise<Outcome>
}
export interface StartedEnvelope {
  /** How many jobs of it were still pending, and run now. */
  jobs: number
  /** Resolves when the end of each is written. */
  done: Promise<void>
}

/**
 * Claims what is still pending of an envelope and starts it. No processor starts before the claim is committed; from
 * then on the claim holds the jobs, and the envelope may be forgotten.
 */
export async function startEnvelope({ ids, workerId, run }: EnvelopeOptions): Promise<StartedEnvelope> {
  const jobs = await claimEnvelope(ids, workerId)
  if (jobs.length === 0) return { jobs: 0, done: Promise.resolve() }
  tellChanges(jobs.map(job => ({
    id: job.id, organization_id: job.organizationId, queue_name: job.queueName, job_type: job.jobType, state: 'running', run: job.run, updated_at: job.startedAt,
  })))
  // One of them stands for all: they were sent together, and observing each costs more than running it.
  dispatchLag.observe({ type: jobs[0]!.jobType }, Math.max(0, jobs[0]!.waitMs))
  for (const job of jobs) noteTime('wait', job, job.waitMs)
  const ends = jobs.map(job => runToEnd(job, run))
  return { jobs: jobs.length, done: Promise.all(ends).then(() => {}) }
}

async function runToEnd(job: ClaimedJob, run: EnvelopeOptions['run']): Promise<void> {
  const outcome = await run(job)
  try {
    await finishRun(job, outcome)
  }
  catch (error) {
    // A result that is no JSON (a BigInt, a circle). Without an end its claim would be prolonged for ever.
    await finishRun(job, { kind: 'fail', error: `The result cannot be written as JSON: ${(error as Error).message}`, retryable: false })
  }
}

/** The same, waiting until the end of every run is written. */
export async function runEnvelope(options: EnvelopeOptions): Promise<void> {
  await (await startEnvelope(options)).done
}

/** Gives hints that this worker cannot take back to the dispatcher. */
export const giveBackHints = async (ids: string[]): Promise<void> => void await returnToWaiting(ids)
