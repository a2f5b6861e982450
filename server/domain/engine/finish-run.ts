import { createBatcher } from '#server/infra/batcher.ts'
import { logger } from '#server/infra/logger.ts'
import { whyNotStorable } from '#shared/schemas/primitives.ts'
import { finishRuns, type ChangedJob, type ClaimedJob, type FinishedRun } from '#server/domain/engine/store.ts'
import { abandonClaim, endJobOf, takeReleased } from '#server/domain/engine/held-claims.ts'
import { decideNextStep, type Outcome } from '#server/domain/engine/retry-policy.ts'
import { isDataError, splitOnDataError } from '#server/domain/engine/split-on-data-error.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'

const ERROR_MAX = 8192
/** A result over this many bytes of JSON is refused: it would have to travel through every list and socket. */
export const RESULT_MAX_BYTES = 4 * 1024 * 1024
const TRIES = 5

const endRun = createBatcher<FinishedRun, ChangedJob | null>({ slots: 2, max: 500, flush: flushEnds })

/**
 * Ends one run by the retry policy; never throws. A late result (another run took over) is refused and logged; one that
 * cannot be written gives up the claim, and the job runs again.
 */
export async function finishRun(job: ClaimedJob, outcome: Outcome): Promise<void> {
  const { outcome: final, result } = serialise(outcome)
  const step = decideNextStep({ outcome: final, failures: job.failures, maxRetries: job.maxRetries, backoff: job.backoff, random: Math.random() })
  try {
    const changed = await endRun({ id: job.id, run: job.run, state: step.state, outcome: step.outcome, result, error: errorOf(final), delayMs: step.delayMs })
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
  if (outcome.kind === 'fail') return clean(outcome.error)
  if (outcome.kind === 'cancel') return clean(outcome.reason)
  return null
}

/** Error text comes from anywhere: cut, and without what PostgreSQL cannot hold. */
const clean = (text: string) => text.toWellFormed().replaceAll('\0', '\uFFFD').slice(0, ERROR_MAX)

function flushEnds(runs: FinishedRun[]): Promise<(ChangedJob | null | Error)[]> {
  return splitOnDataError(runs, writeEnds)
}

async function writeEnds(runs: FinishedRun[]): Promise<(ChangedJob | null)[]> {
  const releasable = takeReleased()
  const changed = await tryAgain(() => finishRuns(runs, releasable))
  tellChanges(changed)
  const accepted = new Map(changed.map(row => [row.id, row]))
  return runs.map(run => accepted.get(run.id) ?? null)
}

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
