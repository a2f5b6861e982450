import type { BoxLimits, BoxSpec, SandboxDriver, SandboxProof } from './driver.ts'
import type { Cgroups } from './cgroups.ts'
import { SHIM_IN_BOX } from './bwrap/arguments.ts'
import { BOX_QUESTIONS, type BoxQuestion } from './self-test/questions.ts'
import { openListener } from './self-test/listener.ts'
import { explainFailure, type Explanation } from './self-test/explain-failure.ts'

export interface ProofOptions {
  run: SandboxDriver['run']
  /** Opens what boxes need; rejects, with what to do, where that cannot be had. */
  open(): Promise<{ cgroups: Pick<Cgroups, 'version'> }>
}

const MIB = 1024 * 1024
const LIMITS: BoxLimits = { wallMs: 5000, cpuMs: 5000, memoryBytes: 64 * MIB, processes: 16, outputBytes: 65_536, diskBytes: 4 * MIB, inodes: 1000 }
/** More at once would only wait for each other. */
const AT_ONCE = 4

/**
 * Runs a box per question (shim/try.h answers them, so no interpreter is needed) and answers what was shown. Never rejects.
 * `ok` is false when any answer is wrong: a worker without this proof runs no code.
 */
export async function proveSandbox(options: ProofOptions): Promise<SandboxProof> {
  let cgroups: SandboxProof['cgroups'] = 'none'
  try {
    cgroups = (await options.open()).cgroups.version
  }
  catch (error) {
    return refused(explainFailure(error instanceof Error ? error.message : String(error)), [], cgroups)
  }
  const listener = await openListener()
  const ask = (question: BoxQuestion) => askOne(options.run, question, listener.port)
  const [hello, ...rest] = BOX_QUESTIONS
  const steps = [await ask(hello!)]
  // A box that cannot even say hello answers nothing else.
  if (steps[0]!.ok) for (let i = 0; i < rest.length; i += AT_ONCE) steps.push(...await Promise.all(rest.slice(i, i + AT_ONCE).map(ask)))
  if (await listener.wasReached()) steps.push({ name: 'no network', ok: false, detail: 'a connection from a box arrived on this machine' })
  const wrong = steps.find(step => !step.ok)
  if (wrong) return refused(explainFailure(wrong.detail, wrong.name), steps, cgroups)
  return { ok: true, reason: null, remedy: null, steps, cgroups, enforcement: enforcedBy(cgroups) }
}

async function askOne(run: SandboxDriver['run'], question: BoxQuestion, port: number) {
  const spec: BoxSpec = {
    argv: [SHIM_IN_BOX, 'try', ...question.ask(port)], env: {}, mounts: [], files: [], stdin: Buffer.alloc(0), limits: { ...LIMITS, ...question.limits },
  }
  const outcome = await run(spec)
  const wrong = question.judge(outcome, spec.limits)
  return { name: question.name, ok: wrong === null, detail: wrong ?? `${outcome.status} after ${outcome.wallMs.toFixed(1)} ms` }
}

const refused = ({ reason, remedy }: Explanation, steps: SandboxProof['steps'], cgroups: SandboxProof['cgroups']): SandboxProof =>
  ({ ok: false, reason, remedy, steps, cgroups, enforcement: enforcedBy(cgroups) })

/** What holds each limit, as execution with or without cgroups does. */
export function enforcedBy(cgroups: SandboxProof['cgroups']): SandboxProof['enforcement'] {
  const counted = cgroups === 'none' ? 'polling' : `cgroup ${cgroups}` as const
  return {
    wall_ms: 'shim', cpu_ms: counted, memory_bytes: counted, processes: cgroups === 'none' ? 'rlimit' : counted,
    output_bytes: 'shim', disk_bytes: 'tmpfs', inodes: 'polling',
  }
}

