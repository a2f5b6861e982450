import { availableParallelism } from 'node:os'
import { logger } from '#server/infra/logger.ts'
import { describeSubmission, runSpec } from './build-spec.ts'
import type { Toolchain } from './language.ts'
import { resolveLimits } from './resolve-limits.ts'
import { runSubmission } from './run-submission.ts'
import type { CodeMachine } from './work.ts'

/** As many as can run at once, and no more than a machine of any size needs while others are started. */
const AT_MOST = Math.min(4, availableParallelism())

/**
 * Keeps started interpreters waiting for the toolchains that allow it and do not have them yet, with the default limits. Only where
 * a trial in one of them ends as it should; elsewhere runs start as ever, and the log says so.
 */
export async function keepWarm(machine: CodeMachine, toolchains: Toolchain[]): Promise<void> {
  if (!machine.driver.keepsWarm) return
  for (const toolchain of toolchains.filter(({ language, warm }) => language.warm && warm === undefined)) {
    await machine.driver.prepare(toolchain.language.language, describeWaiting(machine, toolchain))
    toolchain.warm = true
    const wrong = await tryOut(machine, toolchain)
    if (!wrong) continue
    toolchain.warm = false
    await machine.driver.prepare(toolchain.language.language, null)
    logger().warn({ language: toolchain.language.language, reason: wrong }, 'no interpreters wait: runs start their own')
  }
}

function describeWaiting(machine: CodeMachine, toolchain: Toolchain) {
  const { run: limits } = resolveLimits({ asked: undefined, caps: machine.caps, proof: machine.proof })
  const submission = describeSubmission(toolchain, { language: toolchain.language.language, code: toolchain.language.warm!.trial }, limits.memoryBytes)
  const { argv, env, mounts, limitAddressSpace } = runSpec({ submission, files: [], limits, env: {}, args: [], stdin: '' })
  return { argv, env, mounts, limits, limitAddressSpace, source: submission.source, atMost: AT_MOST }
}

/** What was wrong with the trial; null: nothing. */
async function tryOut(machine: CodeMachine, toolchain: Toolchain): Promise<string | null> {
  try {
    const { run, message, isolation } = await runSubmission({ machine, toolchain, payload: { language: toolchain.language.language, code: toolchain.language.warm!.trial } })
    if (run?.status !== 'ok' || run.stdout !== 'warm\n') return `${message} ${run?.stderr.slice(0, 200) ?? ''}`.trim()
    return isolation.mode === 'warm' ? null : 'none was there for the trial'
  }
  catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
