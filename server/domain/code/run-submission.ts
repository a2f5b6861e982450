import type { CodeExecutionPayload, CodeExecutionResult } from '#shared/schemas/code.ts'
import { compileStage } from './compile-stage.ts'
import type { Toolchain } from './language.ts'
import { resolveLimits } from './resolve-limits.ts'
import { runStages } from './run-stages.ts'
import type { CodeMachine, SubmissionEvents, Work } from './work.ts'

/**
 * Compiles a submission once and runs it with every input. Whatever the program did is in the result; `status` is the compiler's when
 * it failed, else that of the first run that did not end ok. Throws SandboxError when the sandbox failed, which is not the fault of
 * whoever wrote the program.
 */
export async function runSubmission(options: { machine: CodeMachine, toolchain: Toolchain, payload: CodeExecutionPayload, events?: SubmissionEvents }): Promise<CodeExecutionResult> {
  const { machine, toolchain, payload, events = {} } = options
  const work: Work = { machine, toolchain, payload, events, limits: resolveLimits({ asked: payload.limits, caps: machine.caps, proof: machine.proof }) }
  const compiled = await compileStage(work)
  const head = {
    language: toolchain.language.language, version: toolchain.version,
    ...(compiled && { compile: compiled.stage, compile_cached: compiled.cached }), limits: work.limits.effective,
  }
  const isolation = { driver: machine.driver.name, cgroups: machine.proof.cgroups, mode: 'cold' as const }
  if (payload.compile_only || (compiled && compiled.stage.status !== 'ok')) {
    return { ...head, isolation, status: compiled?.stage.status ?? 'ok', message: compiled?.stage.message ?? 'there is nothing to compile' }
  }
  const { mode, ...stages } = await runStages(work, compiled?.artifact)
  return { ...head, ...stages, isolation: { ...isolation, mode } }
}
