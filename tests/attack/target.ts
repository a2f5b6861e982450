import type { CodeExecutionPayload, CodeExecutionResult, CodeStage, RunnerDocument } from '#shared/schemas/code.ts'
import type { z } from 'zod'
import type { Attack, Observation } from './vocabulary.ts'

export type Payload = z.input<typeof CodeExecutionPayload>

/** What programs are submitted to: a worker of our own, or a running product. */
export interface Target {
  mode: string
  /** Languages that it runs, with their other names. */
  languages: Set<string>
  /** Submits a program and waits for its end. */
  submit(payload: Payload): Promise<Observation>
  /** The process that runs the boxes; undefined where it is out of sight. */
  pid?: number
  document?: RunnerDocument
  /** How many processes stand in boxes while nothing runs: interpreters that wait. */
  steady: number
  /** Whether processes, files and listeners of this machine are those that a program would reach. */
  here: boolean
  close(): Promise<void>
}

/** An entry of the suite as a submission. */
export function payloadOf({ language, code, stdin, args, files, limits = {} }: Attack): Payload {
  const { pids, ...rest } = limits
  const asked = { ...rest, ...(pids !== undefined && { processes: pids }) }
  return { language, code, ...(stdin !== undefined && { stdin }), ...(args && { args }), ...(files && { files }), ...(Object.keys(asked).length > 0 && { limits: asked }) }
}

const NOTHING = { exit_code: null, signal: null, timed_out: false, oom_killed: false, cpu_ms: 0, wall_ms: 0, peak_memory_bytes: null, mode: 'cold' as const }

/** A submission that was turned away. */
export const observeRefusal = (refusal: string): Observation =>
  ({ request: 'rejected_4xx', refusal, message: refusal, ...NOTHING, output_truncated: false, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), compiler: '', watched_ms: null })

/** A result as the suite looks at it. @param elapsedMs from submitting to the result; null: waiting for a turn is part of it. */
export function observeResult(result: Pick<CodeExecutionResult, 'message' | 'run' | 'compile' | 'compile_cached' | 'isolation'> & { status: string }, elapsedMs: number | null): Observation {
  const { run, compile } = result
  const told = run ?? compile
  const bytes = (stage: CodeStage | undefined, stream: 'stdout' | 'stderr') => Buffer.from(stage?.[stream] ?? '', stage?.encoding ?? 'utf8')
  const compiling = compile && !result.compile_cached ? compile.wall_ms : 0
  return {
    request: 'accepted', status: result.status, message: result.message,
    ...(told ? pick(told) : NOTHING),
    output_truncated: told ? told.output_truncated.stdout || told.output_truncated.stderr : false,
    stdout: bytes(run, 'stdout'), stderr: bytes(run, 'stderr'), compiler: `${bytes(compile, 'stdout').toString()}\n${bytes(compile, 'stderr').toString()}`,
    watched_ms: elapsedMs === null ? null : elapsedMs - compiling, mode: result.isolation.mode,
  }
}

const pick = ({ exit_code, signal, timed_out, oom_killed, cpu_ms, wall_ms, peak_memory_bytes }: CodeStage) => ({ exit_code, signal, timed_out, oom_killed, cpu_ms, wall_ms, peak_memory_bytes })
