import { availableParallelism } from 'node:os'
import type { BoxOutcome } from '#server/infra/sandbox/driver.ts'
import { SandboxError } from './present-stage.ts'

/** A submission takes at most this many cores of the worker; others wait for theirs. */
const AT_ONCE = Math.min(4, availableParallelism())
/** A run may be this far ahead of the slowest before it: what they printed lies in memory until it is its turn. */
const AHEAD = 8

/**
 * Runs `count` inputs, several at once, or one after the other until the first that does not end ok. Throws SandboxError when the
 * sandbox failed for one of them, after the others that ran have ended.
 * @param options.settle called with every outcome in the order of the inputs.
 * @returns how many were not run: after the first failure, or after an abort.
 */
export async function runInputs(options: {
  count: number
  stopAtFirstFailure: boolean
  signal?: AbortSignal
  run(index: number): Promise<BoxOutcome>
  settle(index: number, outcome: BoxOutcome): void
}): Promise<number> {
  const { count, stopAtFirstFailure, signal, run, settle } = options
  const runs: Promise<void>[] = []
  const untold = new Map<number, BoxOutcome>()
  let told = 0
  let failed = false
  let broken: BoxOutcome | undefined
  const runOne = async (index: number): Promise<void> => {
    const outcome = await run(index)
    if (outcome.status === 'internal_error') broken ??= outcome
    failed ||= outcome.status !== 'ok'
    untold.set(index, outcome)
    for (let next = untold.get(told); next && !broken; next = untold.get(told)) {
      untold.delete(told)
      settle(told++, next)
    }
  }
  const lane = async (): Promise<void> => {
    while (runs.length < count && !broken && !signal?.aborted && !(stopAtFirstFailure && failed)) {
      const index = runs.push(runOne(runs.length)) - 1
      await runs[index]
      while (!broken && runs.length - told >= AHEAD) await runs[told]
    }
  }
  await Promise.all(Array.from({ length: stopAtFirstFailure ? 1 : AT_ONCE }, lane))
  if (broken) throw new SandboxError(broken.notes)
  return count - runs.length
}
