import { logger } from '#server/infra/logger.ts'
import { jobDuration } from '#server/infra/metrics.ts'
import { progressReporter } from '#server/domain/engine/report-progress.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { ClaimedJob } from '#server/domain/engine/store.ts'
import { isJobType, JOB_TYPES } from '#shared/job-types.ts'

export interface ProcessorContext<P> {
  payload: P
  /** Aborted when the job's time is up. */
  signal: AbortSignal
  /** 0 to 1. */
  progress(share: number): void
}
/** Does the work of one job type. A throw is a failure that is retried; everything else is said with an Outcome. */
export type Processor<P = unknown> = (context: ProcessorContext<P>) => Promise<Outcome>

/** One run of a job: validate the payload, start the clock, process, name the outcome, log one line. Never throws. */
export async function runAttempt(job: ClaimedJob, processor: Processor | undefined): Promise<Outcome> {
  const started = performance.now()
  const outcome = await attempt(job, processor)
  const duration = performance.now() - started
  jobDuration.observe({ type: job.jobType }, duration)
  logger().info({
    job: job.id, organization: job.organizationId, type: job.jobType, run: job.run, outcome: outcome.kind, ms: Math.round(duration * 10) / 10,
    ...(outcome.kind === 'fail' && { error: outcome.error }),
  }, 'job.attempted')
  return outcome
}

async function attempt(job: ClaimedJob, processor: Processor | undefined): Promise<Outcome> {
  if (!processor || !isJobType(job.jobType)) return { kind: 'fail', error: `This version has no processor for job type "${job.jobType}".`, retryable: false }
  const payload = JOB_TYPES[job.jobType].payload.safeParse(job.payload)
  if (!payload.success) return { kind: 'fail', error: `The payload does not fit: ${payload.error.issues.map(issue => `${issue.path.join('.')} ${issue.message}`).join('; ')}`, retryable: false }
  return process(job, processor, payload.data)
}

async function process(job: ClaimedJob, processor: Processor, payload: unknown): Promise<Outcome> {
  const clock = new AbortController()
  const timeUp = Promise.withResolvers<Outcome>()
  const timer = setTimeout(() => {
    clock.abort(new Error('timeout'))
    timeUp.resolve({ kind: 'fail', error: `The job ran longer than its timeout of ${job.timeoutSeconds} s.` })
  }, job.timeoutSeconds * 1000)
  try {
    return await Promise.race([processor({ payload, signal: clock.signal, progress: progressReporter(job) }), timeUp.promise])
  }
  catch (error) {
    return { kind: 'fail', error: error instanceof Error ? error.message : String(error) }
  }
  finally {
    clearTimeout(timer)
  }
}
