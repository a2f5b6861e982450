import { constants } from 'node:os'
import type { BoxLimits, BoxOutcome } from './driver.ts'
import type { CgroupUsage } from './cgroups.ts'
import { COLLECT_RESULTS, ENDED_BY, type ShimReport } from './wire.ts'

/** Everything that was learnt about one box. */
export interface Evidence {
  limits: BoxLimits
  report?: ShimReport
  /** Complaints of bubblewrap, `launch` or the shim. */
  complaint: string
  usage?: CgroupUsage
  /** What the worker ended it for. */
  endedFor?: 'abort' | 'cpu' | 'wall' | 'silence'
  /** From start to end as the worker saw it. */
  elapsedMs: number
  stdout: Buffer
  stderr: Buffer
  collected?: Buffer
  /** Path that was to be collected. */
  collect?: string
}

const NAMES = new Map(Object.entries(constants.signals).filter(([name]) => name !== 'SIGIOT' && name !== 'SIGPOLL').map(([name, number]) => [number, name]))
/** `SIGKILL` of 9; real-time signals have numbers only. */
export const signalName = (number: number) => NAMES.get(number) ?? `SIG${number}`
const ENOMEM = 12

/** Says how a box ended. When several limits were passed the order is memory, disk, output, CPU, wall, signal, exit. */
export function judgeOutcome(evidence: Evidence): BoxOutcome {
  const { report, usage, limits } = evidence
  const signal = report && (report.waitStatus & 0x7f) !== 0 ? signalName(report.waitStatus & 0x7f) : null
  const exitCode = report && !signal && !report.startError ? report.waitStatus >> 8 & 0xff : null
  const oomKilled = (usage?.oomKills ?? 0) > 0 || (report !== undefined && ENDED_BY[report.endedBy] === 'memory')
  const status = judgeStatus({ evidence, signal, exitCode, oomKilled })
  const cpuMs = Math.max(report ? report.cpuUs / 1000 : 0, usage && (!report || usage.cpuMs > report.cpuUs / 1000 + OWN_CPU_MS) ? usage.cpuMs : 0)
  return {
    status,
    exitCode: status === 'internal_error' ? null : exitCode,
    signal: status === 'internal_error' ? null : signal,
    timedOut: status === 'time_limit',
    oomKilled,
    truncated: { stdout: report?.stdoutCut === 1, stderr: report?.stderrCut === 1 },
    cpuMs,
    wallMs: report ? report.wallUs / 1000 : evidence.elapsedMs,
    peakMemoryBytes: usage?.peakBytes ?? report?.peakBytes ?? null,
    stdout: evidence.stdout,
    stderr: evidence.stderr,
    ...(evidence.collected && report && COLLECT_RESULTS[report.collect] === 'sent' && { collected: evidence.collected }),
    notes: takeNotes(evidence, limits),
    mode: 'cold',
  }
}

/** What bubblewrap itself uses at most to build a box; more than that beside the waited processes was the program's. */
const OWN_CPU_MS = 20

interface Findings { evidence: Evidence, signal: string | null, exitCode: number | null, oomKilled: boolean }

function judgeStatus({ evidence, signal, exitCode, oomKilled }: Findings): BoxOutcome['status'] {
  const { report, endedFor, limits } = evidence
  const endedBy = report && ENDED_BY[report.endedBy]
  if (endedFor === 'abort') return 'canceled'
  if (oomKilled || report?.startError === ENOMEM) return 'memory_limit'
  if (report?.startError) return 'internal_error'
  const bad = signal !== null || exitCode !== 0
  if (endedBy === 'disk' || endedBy === 'inodes' || signal === 'SIGXFSZ') return 'disk_limit'
  if (report && bad && endedBy === 'itself' && report.diskFull) return 'disk_limit'
  if (endedBy === 'output' || report?.stdoutCut || report?.stderrCut) return 'output_limit'
  if (endedFor === 'cpu' || endedBy === 'cpu' || signal === 'SIGXCPU') return 'cpu_limit'
  if (endedFor === 'wall' || endedBy === 'wall') return 'time_limit'
  if (!report || endedBy === 'abort') return 'internal_error'
  return signal ? 'signaled' : exitCode === 0 ? 'ok' : 'nonzero_exit'
}

function takeNotes({ report, usage, complaint, stdout, endedFor, collect }: Evidence, limits: BoxLimits): string[] {
  const endedBy = report && ENDED_BY[report.endedBy]
  const collected = report && COLLECT_RESULTS[report.collect]
  return [
    complaint && `the box failed: ${complaint.trim().slice(0, 500)}`,
    !report && !complaint && endedFor === undefined && `the box ended without a word after ${stdout.length} bytes of output`,
    report?.startError && `the program could not be started: ${errorName(report.startError)}`,
    report?.stdoutCut && `stdout was cut at its limit of ${limits.outputBytes} bytes and the program ended`,
    report?.stderrCut && `stderr was cut at its limit of ${limits.outputBytes} bytes and the program ended`,
    endedBy === 'inodes' && `ended for more than ${limits.inodes} files and folders`,
    endedBy === 'disk' && `ended for more than ${limits.diskBytes} bytes in /work and /tmp`,
    endedBy === 'itself' && report && report.diskFull && `the disk was full: the limit is ${limits.diskBytes} bytes`,
    usage && usage.processesRefused > 0 && `a process or thread was refused: the limit is ${limits.processes}`,
    collect && collected !== 'sent' && collected !== 'not asked' && report && `${collect} was not brought back: it is ${collected}`,
  ].filter(note => typeof note === 'string' && note !== '')
}

const errorName = (number: number) => Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`
