import { constants } from 'node:os'
import type { CgroupUsage } from './cgroups.ts'
import type { BoxLimits, BoxOutcome } from './driver.ts'
import { takeNotes } from './take-notes.ts'
import { COLLECT_RESULTS, ENDED_BY, type ShimReport } from './wire.ts'

/** Everything that was learnt about one box. */
export interface Evidence {
  limits: BoxLimits
  report?: ShimReport
  /** Complaints of bubblewrap, `launch` or the shim. */
  complaint: string
  usage?: CgroupUsage
  /** What the worker ended it for. */
  endedFor?: 'abort' | 'cpu' | 'wall'
  /** From start to end as the worker saw it. */
  elapsedMs: number
  stdout: Buffer
  stderr: Buffer
  collected?: Buffer
  /** Path that was to be collected. */
  collect?: string
  /** `warm`: its program was started before. */
  mode?: BoxOutcome['mode']
}

const NAMES = new Map(Object.entries(constants.signals).filter(([name]) => name !== 'SIGIOT' && name !== 'SIGPOLL').map(([name, number]) => [number, name]))
/** `SIGKILL` of 9; real-time signals have numbers only. */
export const signalName = (number: number) => NAMES.get(number) ?? `SIG${number}`
const ENOMEM = constants.errno.ENOMEM
/** What bubblewrap itself uses at most to build a box; more than that beside the waited processes was the program's. */
const OWN_CPU_MS = 20

/** Says how a box ended. When several limits were passed the order is memory, disk, output, CPU, wall, signal, exit. */
export function judgeOutcome(evidence: Evidence): BoxOutcome {
  const { report } = evidence
  const ending = report ? readEnding(report) : { signal: null, exitCode: null }
  const oomKilled = wasOutOfMemory(evidence)
  const status = judgeStatus(evidence, { ...ending, oomKilled })
  return {
    status, oomKilled,
    ...(status === 'internal_error' ? { exitCode: null, signal: null } : ending),
    timedOut: status === 'time_limit',
    truncated: { stdout: report?.stdoutCut === 1, stderr: report?.stderrCut === 1 },
    ...measured(evidence),
    stdout: evidence.stdout,
    stderr: evidence.stderr,
    ...(evidence.collected && report && COLLECT_RESULTS[report.collect] === 'sent' && { collected: evidence.collected }),
    notes: takeNotes(evidence),
    mode: evidence.mode ?? 'cold',
  }
}

/** wait(2): the low seven bits are the signal, the next eight the code. */
function readEnding(report: ShimReport): { signal: string | null, exitCode: number | null } {
  const number = report.waitStatus & 0x7f
  if (number) return { signal: signalName(number), exitCode: null }
  return { signal: null, exitCode: report.startError ? null : report.waitStatus >> 8 & 0xff }
}

function measured({ report, usage, elapsedMs }: Evidence): Pick<BoxOutcome, 'cpuMs' | 'wallMs' | 'peakMemoryBytes'> {
  const waited = (report?.cpuUs ?? 0) / 1000
  const counted = usage?.cpuMs ?? 0
  return {
    // The cgroup also counts bubblewrap, and children that nobody waited for.
    cpuMs: !report || counted > waited + OWN_CPU_MS ? Math.max(counted, waited) : waited,
    wallMs: report ? report.wallUs / 1000 : elapsedMs,
    peakMemoryBytes: usage?.peakBytes ?? report?.peakBytes ?? null,
  }
}

function wasOutOfMemory({ report, usage }: Evidence): boolean {
  return (usage?.oomKills ?? 0) > 0 || (report !== undefined && ENDED_BY[report.endedBy] === 'memory')
}

interface Findings { signal: string | null, exitCode: number | null, oomKilled: boolean }

function judgeStatus(evidence: Evidence, findings: Findings): BoxOutcome['status'] {
  const { report, endedFor } = evidence
  if (endedFor === 'abort') return 'canceled'
  if (findings.oomKilled || report?.startError === ENOMEM) return 'memory_limit'
  if (report?.startError) return 'internal_error'
  return passedLimit(evidence, findings) ?? (report ? byItself(report, findings) : 'internal_error')
}

/** By what the shim says, by what the worker ended it for, by the signal that the kernel ends with: the limit that was passed. */
const PASSED: [BoxOutcome['status'], { by: readonly string[], signal?: string, also?(report: ShimReport, findings: Findings): boolean }][] = [
  ['disk_limit', { by: ['disk', 'inodes'], signal: 'SIGXFSZ', also: (report, { exitCode }) => report.diskFull === 1 && report.endedBy === 0 && exitCode !== 0 }],
  ['output_limit', { by: ['output'], also: report => report.stdoutCut === 1 || report.stderrCut === 1 }],
  ['cpu_limit', { by: ['cpu'], signal: 'SIGXCPU' }],
  ['time_limit', { by: ['wall'] }],
]

function passedLimit({ report, endedFor }: Evidence, findings: Findings): BoxOutcome['status'] | undefined {
  const enders = [report && ENDED_BY[report.endedBy], endedFor]
  return PASSED.find(([, { by, signal, also }]) => by.some(name => enders.includes(name as typeof endedFor))
    || (signal !== undefined && signal === findings.signal) || (report && also?.(report, findings)))?.[0]
}

function byItself(report: ShimReport, { signal, exitCode }: Findings): BoxOutcome['status'] {
  // The worker's end of the channel closed though nobody asked for an end.
  if (ENDED_BY[report.endedBy] === 'abort') return 'internal_error'
  if (signal) return 'signaled'
  return exitCode === 0 ? 'ok' : 'nonzero_exit'
}
