/** What the figures were taken on, and how much of it others used meanwhile. */
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { execFileSync } from 'node:child_process'
import { findPostgresPrograms } from '../scripts/launch/postgres-binaries.ts'
import { findRedisProgram } from '../scripts/launch/redis.ts'

export interface Machine { cores: number, cpu: string, memoryGib: number, node: string, postgres: string, redis: string, load: number[] }

const versionOf = (program: string | undefined): string =>
  program ? execFileSync(program, ['--version'], { encoding: 'utf8' }).trim() : 'none on PATH'

export function describeMachine(): Machine {
  return {
    cores: cpus().length, cpu: cpus()[0]?.model ?? 'unknown', memoryGib: Math.round(totalmem() / 2 ** 30), node: process.version,
    postgres: versionOf(findPostgresPrograms('').postgres), redis: /v=\S+/.exec(versionOf(findRedisProgram()))?.[0] ?? versionOf(findRedisProgram()),
    load: loadavg().map(value => Math.round(value * 10) / 10),
  }
}

interface CpuSample { total: number, busy: number, own: number }

/** Time of all cores since the machine began, and of this process with everything it started; undefined where /proc is missing. */
function sampleCpu(): CpuSample | undefined {
  try {
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
      readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).slice(1).map(Number)
    const busy = user + nice + system + irq + softirq + steal
    return { total: busy + idle + iowait, busy, own: ownTime() }
  }
  catch {
    return undefined
  }
}

function ownTime(): number {
  const parents = new Map<number, number>()
  const times = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statFields(name)
    if (!fields) continue
    parents.set(Number(name), Number(fields[1]))
    // utime, stime and those of children that ended.
    times.set(Number(name), fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0))
  }
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(parents.get(pid) ?? 0))
  return [...times].filter(([pid]) => isOurs(pid)).reduce((sum, [, time]) => sum + time, 0)
}

/** The fields of /proc/<pid>/stat after the name, which may hold spaces and brackets. */
function statFields(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  }
  catch {
    return undefined
  }
}

/** Starts watching; the returned function answers the share (0 to 1) of all cores that other programs used since. */
export function watchNeighbours(): () => number {
  const from = sampleCpu()
  return () => {
    const to = sampleCpu()
    if (!from || !to || to.total === from.total) return Number.NaN
    return Math.max(0, (to.busy - from.busy) - (to.own - from.own)) / (to.total - from.total)
  }
}
