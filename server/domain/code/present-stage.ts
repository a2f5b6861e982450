import type { BoxLimits, BoxOutcome } from '#server/infra/sandbox/driver.ts'
import { CODE_BOUNDS } from '#shared/code-limits.ts'
import type { CodeStage } from '#shared/schemas/code.ts'
import { describeStage } from './describe-stage.ts'
import { encodeStreams, wholeCharacters } from './encode-output.ts'

/** The sandbox could not do its work: nothing the program did. The job is to run again. */
export class SandboxError extends Error {
  constructor(notes: string[]) {
    super(`The sandbox failed: ${notes.join('; ') || 'it gave no reason'}. The program is not to blame; the job runs again.`)
    this.name = 'SandboxError'
  }
}

/** How much of what a submission prints its result may still keep, bytes. */
export interface OutputRoom { left: number }
export const outputRoom = (): OutputRoom => ({ left: CODE_BOUNDS.keptOutputBytes })

/** The outcome of a box as a stage of the result, cut to the room that is left. Throws SandboxError for an internal error. */
export function presentStage(options: { outcome: BoxOutcome, limits: BoxLimits, room: OutputRoom, notes?: string[] }): CodeStage {
  const { outcome, limits, room } = options
  if (outcome.status === 'internal_error') throw new SandboxError(outcome.notes)
  const stdout = keep(outcome.stdout, outcome.truncated.stdout, room)
  const stderr = keep(outcome.stderr, outcome.truncated.stderr, room)
  const dropped = outcome.stdout.length + outcome.stderr.length - stdout.bytes.length - stderr.bytes.length
  const cut = stdout.cut || stderr.cut
  return {
    status: outcome.status, reason: null, message: describeStage(outcome, limits),
    exit_code: outcome.exitCode, signal: outcome.signal, timed_out: outcome.timedOut, oom_killed: outcome.oomKilled,
    output_truncated: { stdout: outcome.truncated.stdout || stdout.cut, stderr: outcome.truncated.stderr || stderr.cut },
    cpu_ms: tenths(outcome.cpuMs), wall_ms: tenths(outcome.wallMs), peak_memory_bytes: outcome.peakMemoryBytes,
    ...encodeStreams(stdout.bytes, stderr.bytes),
    notes: [
      ...outcome.notes, ...(options.notes ?? []),
      ...(cut ? [`${dropped} bytes of its output are not kept: the result of one submission keeps at most ${CODE_BOUNDS.keptOutputBytes} bytes of all that its runs print`] : []),
    ],
  }
}

/** The compiler's stage: however it ended other than well, the program did not compile. */
export function asCompileError(stage: CodeStage): CodeStage {
  if (stage.status === 'ok' || stage.status === 'canceled') return stage
  return { ...stage, status: 'compile_error', reason: stage.status, message: `did not compile: the compiler ${stage.message.replace(/^(killed|stopped)/, 'was $1')}` }
}

const tenths = (milliseconds: number): number => Math.round(milliseconds * 10) / 10

function keep(bytes: Buffer, truncated: boolean, room: OutputRoom): { bytes: Buffer, cut: boolean } {
  const cut = bytes.length > room.left
  const kept = cut ? bytes.subarray(0, room.left) : bytes
  const whole = cut || truncated ? wholeCharacters(kept) : kept
  room.left -= whole.length
  return { bytes: whole, cut }
}
