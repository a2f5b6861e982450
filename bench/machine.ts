/** What the figures were taken on, and how much of it others used meanwhile. */
import { readFileSync } from 'node:fs'
import manifest from '../package.json' with { type: 'json' }
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { execFileSync } from 'node:child_process'
import { findPostgresPrograms } from '../scripts/launch/postgres-binaries.ts'
import { findRedisProgram } from '../scripts/launch/redis.ts'
import { microsPerTick, readProcessTable, treeMicros } from './process-table.ts'

export interface Machine {
  cores: number
  cpu: string
  memoryGib: number
  system: string
  node: string
  postgres: string
  redis: string
  /** The compared libraries and their versions. */
  libraries: string[]
  load: number[]
}

/** Pinned, so what is asked for is what is there. */
const VERSIONS: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies }

const versionOf = (program: string | undefined): string =>
  program ? execFileSync(program, ['--version'], { encoding: 'utf8' }).trim() : 'none on PATH'

export function describeMachine(): Machine {
  return {
    cores: cpus().length, cpu: cpus()[0]?.model ?? 'unknown', memoryGib: Math.round(totalmem() / 2 ** 30), system: `${type()} ${release()}`, node: process.version,
    postgres: versionOf(findPostgresPrograms('').postgres), redis: /v=\S+/.exec(versionOf(findRedisProgram()))?.[0] ?? versionOf(findRedisProgram()),
    libraries: ['bullmq', 'graphile-worker', 'pg-boss'].map(name => `${name} ${VERSIONS[name]}`),
    load: loadavg().map(value => Math.round(value * 10) / 10),
  }
}

/** In clock ticks. */
interface CpuSample { total: number, busy: number, own: number }

/** Time of all cores since the machine began, and of this process with everything it started; undefined where /proc is missing. */
function sampleCpu(): CpuSample | undefined {
  try {
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] =
      readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).slice(1).map(Number)
    const busy = user + nice + system + irq + softirq + steal
    return { total: busy + idle + iowait, busy, own: ownTicks() }
  }
  catch {
    return undefined
  }
}

const ownTicks = (): number => treeMicros(readProcessTable(), process.pid) / microsPerTick()

/** Starts watching; the returned function answers the share (0 to 1) of all cores that other programs used since. */
export function watchNeighbours(): () => number {
  const from = sampleCpu()
  return () => {
    const to = sampleCpu()
    if (!from || !to || to.total === from.total) return Number.NaN
    return Math.max(0, (to.busy - from.busy) - (to.own - from.own)) / (to.total - from.total)
  }
}
