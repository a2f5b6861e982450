import { logger } from '#server/infra/logger.ts'
import { jobDuration } from '#server/infra/metrics.ts'
import { noteTime } from '#server/domain/engine/note-times.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { ClaimedJob } from '#server/domain/engine/store.ts'
import { isJobType, ruleOf } from '#shared/job-types.ts'
import { noteHandlerTime, turnNow } from './handler-times.ts'
import { poolOfSuspects, poolOfType } from './outside/pools.ts'
import { PROCESSORS } from './processors/index.ts'
import { runInline } from './run-inline.ts'
import { runOutside } from './run-outside.ts'
import { closeRun, openRun, outcomeOf, type Run } from './running-runs.ts'
import type { Processor } from './processor.ts'

/** One run of a job: validate the payload, process where its type belongs, name the outcome, log one line. Never throws. */
export async function runAttempt(job: ClaimedJob): Promise<Outcome> {
  const startedAt = performance.now()
  const startedIn = turnNow()
  const run = openRun(job)
  const answering = attempt(run)
  const returnedAfter = performance.now() - startedAt
  const outcome = outcomeOf(run, await answering)
  closeRun(run)
  // What ended in the turn of the event loop in which it began took until its call came back: the rest of that turn was others'.
  note(job, outcome, turnNow() === startedIn ? returnedAfter : performance.now() - startedAt)
  // Who reads that a job is over finds all it said.
  if (run.lines) await run.lines.written()
  if (run.output) await run.output.close()
  return outcome
}

function attempt(run: Run): Promise<Outcome> | Outcome {
  const { jobType: type, payload: given, suspect } = run.job
  if (!isJobType(type)) return { kind: 'fail', error: `This version has no processor for job type "${type}".`, retryable: false }
  const rule = ruleOf(type)
  const { data: payload, error } = rule.payload.safeParse(given)
  if (error) return { kind: 'fail', error: `The payload does not fit: ${error.issues.map(issue => `${issue.path.join('.')} ${issue.message}`).join('; ')}`, retryable: false }
  if (suspect) return runOutside(run, { type, payload, pool: poolOfSuspects() })
  return rule.runs === 'inline' ? runInline(run, PROCESSORS[type] as Processor, payload) : runOutside(run, { type, payload, pool: poolOfType(type) })
}

const durations = new Map<string, ReturnType<typeof jobDuration.labels>>()

/** Kept, because looking a histogram up by its labels costs more than to observe. */
function durationOf(type: string): ReturnType<typeof jobDuration.labels> {
  const found = durations.get(type) ?? jobDuration.labels({ type })
  durations.set(type, found)
  return found
}

function note(job: ClaimedJob, outcome: Outcome, milliseconds: number): void {
  durationOf(job.jobType).observe(milliseconds)
  noteTime('run', job, milliseconds)
  // A suspect waits and runs elsewhere than others of its type.
  if (!job.suspect) noteHandlerTime(job.jobType, milliseconds)
  if (!logger().isLevelEnabled('info')) return
  logger().info({
    job: job.id, organization: job.organizationId, type: job.jobType, run: job.run, outcome: outcome.kind, ms: Math.round(milliseconds * 10) / 10,
    ...((outcome.kind === 'fail' || outcome.kind === 'crash') && { error: outcome.error }),
  }, 'job.attempted')
}
