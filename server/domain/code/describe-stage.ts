import type { BoxLimits, BoxOutcome } from '#server/infra/sandbox/driver.ts'

const MIB = 1024 * 1024

/** What the signals that end programs mean, for people. */
const SIGNAL_WORDS: Record<string, string> = {
  SIGSEGV: 'segmentation fault', SIGABRT: 'aborted', SIGFPE: 'arithmetic error', SIGILL: 'illegal instruction', SIGBUS: 'bad memory access',
  SIGKILL: 'killed', SIGTERM: 'asked to end', SIGINT: 'interrupted', SIGHUP: 'hung up', SIGPIPE: 'wrote to a closed pipe', SIGSYS: 'forbidden system call',
  SIGXFSZ: 'wrote a file larger than the limit', SIGXCPU: 'used more CPU time than the limit', SIGTRAP: 'trap', SIGALRM: 'its own alarm', SIGQUIT: 'quit',
}

/** One sentence on how a program ended, with the limit and its value where a limit ended it. Without a full stop. */
export function describeStage(outcome: BoxOutcome, limits: BoxLimits): string {
  switch (outcome.status) {
    case 'ok': return `exited with code 0 after ${took(outcome.wallMs)}`
    case 'nonzero_exit': return `exited with code ${outcome.exitCode}`
    case 'signaled': return `ended by signal ${signalWords(outcome.signal)}`
    case 'time_limit': return `killed after ${took(outcome.wallMs)} wall time; limit ${limitWords(limits.wallMs)}`
    case 'cpu_limit': return `killed after ${took(outcome.cpuMs)} of CPU time; limit ${limitWords(limits.cpuMs)}`
    case 'output_limit': return `stopped: ${passedStreams(outcome)} passed its limit of ${limits.outputBytes} bytes; what was printed before is kept`
    case 'disk_limit': return `stopped: its files passed the limit of ${size(limits.diskBytes)} or of ${limits.inodes} files and folders`
    case 'memory_limit': return `killed: its memory passed the limit of ${size(limits.memoryBytes)}`
    case 'canceled': return 'stopped: the job was cancelled'
    default: return `the sandbox failed: ${outcome.notes.join('; ') || 'no reason given'}`
  }
}

/** What something took: `2.0 s` from 1 s on, else `12 ms`. */
export const took = (milliseconds: number): string => milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`

/** A limit as people write it: `2 s`, `1.5 s`, `500 ms`. */
export const limitWords = (milliseconds: number): string => milliseconds < 1000 ? `${milliseconds} ms` : `${milliseconds / 1000} s`

function size(bytes: number): string {
  return bytes >= MIB && bytes % MIB === 0 ? `${bytes / MIB} MiB (${bytes} bytes)` : `${bytes} bytes`
}

function signalWords(signal: string | null): string {
  const words = signal ? SIGNAL_WORDS[signal] : undefined
  return `${signal ?? 'unknown'}${words ? ` (${words})` : ''}`
}

function passedStreams({ truncated }: BoxOutcome): string {
  return truncated.stderr && !truncated.stdout ? 'stderr' : 'stdout'
}
