import { constants } from 'node:os'
import type { BoxLimits } from './driver.ts'
import type { Evidence } from './judge-outcome.ts'
import { COLLECT_RESULTS, ENDED_BY, type ShimReport } from './wire.ts'

/** What else was noticed about a box, in words; of a box that failed, what failed. */
export function takeNotes(evidence: Evidence): string[] {
  const { report, usage, limits } = evidence
  return [
    ...complaints(evidence),
    ...(report ? reported(report, limits) : []),
    usage && usage.processesRefused > 0 && `a process or thread was refused: the limit is ${limits.processes}`,
    report && notCollected(report, evidence.collect),
  ].filter(note => typeof note === 'string')
}

function complaints({ report, complaint, endedFor, usage }: Evidence): string[] {
  if (complaint) return [`${report ? 'the box said' : 'the box failed'}: ${complaint.trim().slice(0, 500)}`]
  if (report || endedFor) return []
  return [usage?.oomKills ? 'nothing was left that could tell how it ended' : 'the box ended without telling how']
}

function reported(report: ShimReport, limits: BoxLimits): (string | false)[] {
  const endedBy = ENDED_BY[report.endedBy]
  return [
    report.startError !== 0 && `the program could not be started: ${errorName(report.startError)}`,
    report.stdoutCut === 1 && `stdout was cut at its limit of ${limits.outputBytes} bytes and the program ended`,
    report.stderrCut === 1 && `stderr was cut at its limit of ${limits.outputBytes} bytes and the program ended`,
    endedBy === 'inodes' && `ended for more than ${limits.inodes} files and folders`,
    endedBy === 'disk' && `ended for more than ${limits.diskBytes} bytes in /work and /tmp`,
    endedBy === 'itself' && report.diskFull === 1 && `the disk was full: the limit is ${limits.diskBytes} bytes`,
  ]
}

function notCollected(report: ShimReport, path: string | undefined): string | false {
  const result = COLLECT_RESULTS[report.collect]
  return path !== undefined && result !== 'sent' && result !== 'not asked' && `${path} was not brought back: it is ${result}`
}

const errorName = (number: number) => Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`
