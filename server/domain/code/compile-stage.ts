import { compileSpec, describeSubmission } from './build-spec.ts'
import type { Compiled } from './compile-source.ts'
import type { Submission } from './language.ts'
import { asCompileError, outputRoom, presentStage } from './present-stage.ts'
import { tellPieces } from './tell-pieces.ts'
import type { Work } from './work.ts'

/** The compiler's stage of a submission, or for `compile_only` the check of a language that is not compiled. Undefined where there is neither. */
export async function compileStage(work: Work): Promise<Compiled | undefined> {
  const { payload, toolchain, limits } = work
  const { language } = toolchain
  const submission = describeSubmission(toolchain, payload, limits.compile.memoryBytes)
  if (!language.compile) return payload.compile_only ? checkSource(work, submission) : undefined
  await orAborted(toolchain.usable, work.events.signal)
  if (!toolchain.complete || toolchain.complete.done) return compileOnce(work, submission, true)
  // While the rest is still being prepared, a program may fail for want of it: that does not count, and nobody is told.
  const early = await compileOnce(work, submission, false)
  if (early.stage.status !== 'compile_error' || !language.wantsMore?.(early.stage.stdout + early.stage.stderr)) return early
  await orAborted(toolchain.complete.promise, work.events.signal)
  return compileOnce(work, submission, true)
}

/** Waits for what is being prepared, but not for a submission that nobody wants any more: its box then says that it was cancelled. */
async function orAborted(prepared: Promise<unknown> | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (!prepared || signal?.aborted) return
  const aborted = new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve(), { once: true }))
  await Promise.race([prepared, aborted])
}

async function compileOnce({ machine, toolchain, limits, events }: Work, submission: Submission, told: boolean): Promise<Compiled> {
  const pieces = tellPieces(told ? events.onOutput : undefined, { stage: 'compile', input: null })
  const spec = compileSpec(toolchain.language.compile!(submission), submission, limits.compile)
  return machine.compile({ toolchain, spec, events: { onOutput: pieces.onOutput, signal: events.signal } }).finally(pieces.end)
}

async function checkSource({ machine, limits, events }: Work, submission: Submission): Promise<Compiled | undefined> {
  const step = submission.toolchain.language.check?.(submission)
  if (!step) return undefined
  const pieces = tellPieces(events.onOutput, { stage: 'compile', input: null })
  const outcome = await machine.driver.run(compileSpec(step, submission, limits.compile), { onOutput: pieces.onOutput, signal: events.signal })
  pieces.end()
  return { stage: asCompileError(presentStage({ outcome, limits: limits.compile, room: outputRoom() })), cached: false }
}
