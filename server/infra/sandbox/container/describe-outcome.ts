import type { StageStatus } from '#shared/schemas/code.ts'
import type { BoxOutcome, BoxSpec } from '../driver.ts'
import type { EntryResult } from './frames.ts'
import type { RunAnswer } from './started-container.ts'

/** Linux numbers, whatever system the worker runs on. Index: number. */
const SIGNALS = ('0 SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD '
  + 'SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS').split(' ')
const nameOfSignal = (number: number): string => SIGNALS[number] ?? `SIG${number}`

/** Exit code of an engine's command whose container was killed: by the engine, or because memory ran out. */
const KILLED = 137

const BY_REASON: Partial<Record<EntryResult['reason'], StageStatus>> = {
  memory: 'memory_limit', inodes: 'disk_limit', output: 'output_limit', cpu: 'cpu_limit', wall: 'time_limit', cancel: 'canceled',
}

/** The word for how a program ended; when several hold, in the order of STAGE_STATUSES. */
function statusOf(result: EntryResult): StageStatus {
  const signal = result.signal ? nameOfSignal(result.signal) : null
  if (result.reason === 'cancel') return 'canceled'
  if (result.oom) return 'memory_limit'
  if (result.reason === 'inodes' || signal === 'SIGXFSZ') return 'disk_limit'
  if (result.reason) return BY_REASON[result.reason]!
  if (signal === 'SIGXCPU') return 'cpu_limit'
  // A program that met a full disk and dealt with it ended well; one that did not, ended because of it.
  if (result.full && result.exit !== 0) return 'disk_limit'
  if (signal) return 'signaled'
  return result.exit === 0 ? 'ok' : 'nonzero_exit'
}

/** In the words of the other driver. */
function notesOn(result: EntryResult, spec: BoxSpec, missed: string | null): string[] {
  const { processes, outputBytes, diskBytes, inodes } = spec.limits
  return [
    result.cut[0] && `stdout was cut at its limit of ${outputBytes} bytes and the program ended`,
    result.cut[1] && `stderr was cut at its limit of ${outputBytes} bytes and the program ended`,
    result.reason === 'inodes' && `ended for more than ${inodes} files and folders`,
    result.full && `the disk was full: the limit is ${diskBytes} bytes`,
    result.refused && `a process or thread was refused: the limit is ${processes}`,
    missed && spec.collect && `${spec.collect.path} was not brought back: it is ${missed}`,
  ].filter(note => typeof note === 'string')
}

export interface Printed { stdout: Buffer, stderr: Buffer }

/** The outcome of a run that the container's first process told of. */
function told(result: EntryResult, { answer, spec, printed }: { answer: RunAnswer, spec: BoxSpec, printed: Printed }): BoxOutcome {
  const status = statusOf(result)
  return {
    status, ...printed,
    exitCode: result.exit >= 0 ? result.exit : null,
    signal: result.signal ? nameOfSignal(result.signal) : null,
    timedOut: status === 'time_limit', oomKilled: result.oom,
    truncated: { stdout: result.cut[0], stderr: result.cut[1] },
    cpuMs: result.cpu_us / 1000, wallMs: result.wall_us / 1000,
    peakMemoryBytes: result.peak > 0 ? result.peak : null,
    ...(answer.collected && status === 'ok' ? { collected: answer.collected } : {}),
    notes: notesOn(result, spec, answer.missed), mode: 'cold',
  }
}

/** What to say when the container is gone and nobody told how the program ended. */
export function untold({ status, notes, printed, wallMs }: { status: StageStatus, notes: string[], printed: Printed, wallMs: number }): BoxOutcome {
  return {
    status, ...printed, exitCode: null, signal: status === 'internal_error' ? null : 'SIGKILL', timedOut: status === 'time_limit', oomKilled: status === 'memory_limit',
    truncated: { stdout: false, stderr: false }, cpuMs: 0, wallMs, peakMemoryBytes: null, notes, mode: 'cold',
  }
}

/** How a run ended, in the words of the driver. `forced`: what this side ended it for. */
export function describeOutcome(context: { answer: RunAnswer, spec: BoxSpec, printed: Printed, wallMs: number, forced: 'canceled' | 'time_limit' | null }): BoxOutcome {
  const { answer, printed, wallMs, forced } = context
  if (answer.result) return told(answer.result, context)
  const silent = (status: StageStatus, note: string) => untold({ status, notes: [note], printed, wallMs })
  if (forced) return silent(forced, 'the container was ended from outside; what it used could not be measured')
  if (answer.exitCode === KILLED && !answer.failure) return silent('memory_limit', 'the whole container was killed, as happens when its memory runs out')
  return silent('internal_error', answer.failure ?? `the container ended without a word (code ${answer.exitCode})`)
}
