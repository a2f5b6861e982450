import { createBatcher } from '#server/infra/batcher.ts'
import { logger } from '#server/infra/logger.ts'
import { whyNotStorable } from '#shared/schemas/primitives.ts'
import { completeRuns, endRuns, type ClaimedJob, type EndedJob, type FinishedRun } from '#server/domain/engine/store.ts'
import { afterRuns } from '#server/domain/engine/after-runs.ts'
import { abandonClaim, endJobOf, takeReleased } from '#server/domain/engine/held-claims.ts'
import { decideNextStep, type Outcome } from '#server/domain/engine/retry-policy.ts'
import { isDataError, splitOnDataError } from '#server/domain/engine/split-on-data-error.ts'

const ERROR_MAX = 8192
/** A result over this many bytes of JSON is refused: it would have to travel through every list and socket. */
export const RESULT_MAX_BYTES = 4 * 1024 * 1024
const TRIES = 5

interface End { job: ClaimedJob, run: FinishedRun }
const endRun = createBatcher<End, boolean>({ slots: 2, max: 1000, restMs: 5, flush: ends => splitOnDataError(ends, writeEnds) })

/**
 * Ends one run by the retry policy; never throws. A late result (another run took over) is refused and logged; one that
 * cannot be written gives up the claim, and the job runs again.
 */
export async function finishRun(job: ClaimedJob, outcome: Outcome): Promise<void> {
  const { outcome: final, result } = serialise(outcome)
  const step = decideNextStep({ outcome: final, failures: job.failures, crashes: job.crashes, maxRetries: job.maxRetries, backoff: job.backoff, random: Math.random() })
  try {
    const changed = await endRun({ job, run: { id: job.id, run: job.run, state: step.state, outcome: step.outcome, result, error: errorOf(final), delayMs: step.delayMs, plain: job.plain } })
    endJobOf(job.claimId)
    if (!changed) logger().warn({ job: job.id, run: job.run }, 'late result refused: this run was already taken back')
  }
  catch (error) {
    abandonClaim(job.claimId)
    logger().error({ job: job.id, run: job.run, error: (error as Error).message }, 'the end of a run could not be written; the job runs again')
  }
}

function serialise(outcome: Outcome): { outcome: Outcome, result: string | null } {
  if (outcome.kind !== 'ok') return { outcome, result: null }
  const result = JSON.stringify(outcome.result ?? null)
  const problem = Buffer.byteLength(result) > RESULT_MAX_BYTES
    ? `has more than ${RESULT_MAX_BYTES} bytes`
    : typeof outcome.result === 'object' || /\\u0000|\\ud/i.test(result) ? whyNotStorable(outcome.result) : null
  if (!problem) return { outcome, result }
  return { outcome: { kind: 'fail', error: `The result ${problem}.`, retryable: false }, result: null }
}

function errorOf(outcome: Outcome): string | null {
  if (outcome.kind === 'fail' || outcome.kind === 'crash') return clean(outcome.error)
  if (outcome.kind === 'cancel') return clean(outcome.reason)
  return null
}

/** Error text comes from anywhere: cut, and without what PostgreSQL cannot hold. */
const clean = (text: string) => text.toWellFormed().replaceAll('\0', '\uFFFD').slice(0, ERROR_MAX)

/** Answers for each end whether it was accepted. */
async function writeEnds(ends: End[]): Promise<boolean[]> {
  const [completed, others] = [ends.filter(isCompletion), ends.filter(end => !isCompletion(end))]
  const [done, changed] = await Promise.all([writeCompletions(completed), writeOthers(others)])
  const ended = [...completed.filter(end => done.has(end.run.id)).map(toCompleted), ...changed.values()]
  // The results are written; what waits for their keys is found again if this fails.
  await afterRuns(ended).catch((error: Error) => logger().warn({ error: error.message }, 'keys were not passed on; the dispatcher heals them'))
  return ends.map(end => (isCompletion(end) ? done : changed).has(end.run.id))
}

const isCompletion = ({ run }: End): boolean => run.outcome === 'completed'

function writeCompletions(ends: End[]): Promise<Set<string>> {
  if (ends.length === 0) return Promise.resolve(new Set())
  const releasable = takeReleased()
  return tryAgain(() => completeRuns(ends.map(end => end.run), releasable))
}

function writeOthers(ends: End[]): Promise<Map<string, EndedJob>> {
  if (ends.length === 0) return Promise.resolve(new Map())
  const releasable = takeReleased()
  return tryAgain(() => endRuns(ends.map(end => end.run), releasable))
}

/** A completed row is what was claimed, completed; any other the database has to tell. */
const toCompleted = ({ job, run }: End): EndedJob => ({
  id: job.id, organization_id: job.organizationId, queue_name: job.queueName, job_type: job.jobType, state: 'completed', run: run.run, updated_at: new Date(),
  gated: job.gated, ordering_key: job.orderingKey, concurrency_key: job.concurrencyKey,
})

/** The database may be away for a moment; a result is worth some patience. After that the lease runs out and the job runs again. */
async function tryAgain<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    }
    catch (error) {
      if (attempt === TRIES || isDataError(error)) throw error
      await new Promise(resolve => setTimeout(resolve, 200 * attempt))
    }
  }
}
