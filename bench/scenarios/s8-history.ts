import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openArena, type Arena } from '../arena.ts'
import { startCalled } from '../called-process.ts'
import { wallClock } from '../clock.ts'
import { brokenOf, runThrough } from '../duel.ts'
import { collectFigures, median, percentile } from '../figures.ts'
import { fillHistory } from '../fill-history.ts'
import type { LiveResult } from '../load/live-process.ts'
import { pace } from '../load/pace.ts'
import type { Measurement } from '../measurement.ts'
import type { BenchOptions } from '../options.ts'
import { watchParts } from '../process-table.ts'

const LIVE_PROCESS = join(import.meta.dirname, '../load/live-process.ts')
const QUEUES = Array.from({ length: 50 }, (_, n) => `bench-${String(n).padStart(2, '0')}`)
const SHARE = 0.3
const PROBE_SECONDS = 10
const WARM_UP_SECONDS = 5
const LISTS_PER_SECOND = 20
const COUNTERS_PER_SECOND = 5
const LISTS = [
  '/api/v1/jobs', '/api/v1/jobs?state=completed', '/api/v1/jobs?state=failed', '/api/v1/jobs?queue_name=bench-07', '/api/v1/jobs?state=failed&queue_name=bench-07',
]
interface Read { path: string, ms: number }
type Figures = ReturnType<typeof collectFigures>
interface Stage { arena: Arena, bench: BenchOptions, figures: Figures, broken: string[] }

/** A table of millions, many open dashboards, lists and counters being read, and S2's load at 30 %. */
export const measureHistory: Measurement = {
  letter: 's8', name: 'history', title: 'S8. Live with history: lists, counters and WebSocket clients over a large table, at 30 % of S2\'s rate',
  async run(bench) {
    const arena = await openArena({ bench, peers: [], queues: QUEUES })
    const stage: Stage = { arena, bench, figures: collectFigures(), broken: [] }
    try {
      await runThrough(arena.own, { how: 'single', seconds: WARM_UP_SECONDS })
      const empty = await fullRate(stage, 'S2\'s rate with an empty table')
      await arena.own.clear()
      await fillHistory(arena.own.database, { rows: bench.history, queues: QUEUES })
      const full = await fullRate(stage, 'S2\'s rate with the history')
      stage.figures.add('with the history / with an empty table', full / empty, { unit: 'times', atLeast: 0.6 })
      await withEverything(stage, Math.round(empty * SHARE))
    }
    finally {
      await arena.end()
    }
    return { figures: stage.figures.all(), broken: stage.broken, notes: [
      `${bench.history.toLocaleString('en-US')} finished jobs over 20 days and ${QUEUES.length} queues; ${bench.clients.toLocaleString('en-US')} clients of /api/v1/live, each for one queue`,
      `${LISTS_PER_SECOND} lists and ${COUNTERS_PER_SECOND} counters a second, from the planned time`] }
  },
}

async function fullRate({ arena: { own }, bench, figures, broken }: Stage, name: string): Promise<number> {
  const rates: number[] = []
  for (let round = 0; round < Math.min(bench.rounds, 3); round++) {
    const { added, completed, perSecond } = await runThrough(own, { how: 'single', seconds: bench.loadSeconds ?? PROBE_SECONDS })
    broken.push(...brokenOf(added, completed))
    rates.push(perSecond)
    figures.add(name, perSecond, { unit: 'jobs/s' })
  }
  return median(rates)
}

async function withEverything({ arena: { own, product }, bench, figures, broken }: Stage, perSecond: number): Promise<void> {
  const seconds = bench.loadSeconds ?? 30
  const live = startCalled(LIVE_PROCESS)
  try {
    await live.call('open', { url: product.url, clients: bench.clients, queues: QUEUES })
    await sleep(1000)
    await live.call('report')
    const used = watchParts({ ...own.parts(), sockets: live.pid })
    const [added, lists, counters] = await Promise.all([
      own.add({ how: 'paced', perSecond, jobs: perSecond * seconds }),
      readPaced(product.url, { paths: LISTS, perSecond: LISTS_PER_SECOND, seconds }),
      readPaced(product.url, { paths: ['/api/v1/jobs/stats'], perSecond: COUNTERS_PER_SECOND, seconds }),
    ])
    const completed = await own.untilCompleted(added)
    const cpu = used()
    const heard = await live.call<LiveResult>('report')
    broken.push(...brokenOf(added, completed))
    if (heard.open < bench.clients) broken.push(`${bench.clients - heard.open} of ${bench.clients} WebSocket clients were cut off`)
    figures.add('load meanwhile', added.accepted / ((completed.at - added.from) / 1000), { unit: 'jobs/s' })
    figures.add('answer to the load, median', added.answerMs.p50, { unit: 'ms' })
    figures.add('list, median', share(lists, 0.5), { unit: 'ms' })
    figures.add('list, p99', share(lists, 0.99), { unit: 'ms', atMost: 20 })
    for (const [path, of] of Map.groupBy(lists, read => read.path)) figures.add(`${path}, median`, share(of, 0.5), { unit: 'ms' })
    figures.add('counters, p99', share(counters, 0.99), { unit: 'ms', atMost: 10 })
    figures.add('change to frame, median', heard.delayMs.p50, { unit: 'ms' })
    figures.add('change to frame, p99', heard.delayMs.p99, { unit: 'ms', atMost: 300 })
    figures.add('frames', heard.frames / seconds, { unit: 'frames/s' })
    figures.add('frame bytes', heard.bytes / seconds / 1e6, { unit: 'MB/s' })
    for (const [part, micros] of Object.entries(cpu)) figures.add(`CPU ${part}`, micros / 1e4 / seconds, { unit: '% core' })
  }
  finally {
    await live.end()
  }
}

const share = (reads: Read[], part: number): number => percentile(reads.map(({ ms }) => ms), part)

/** Reads paths in turn at a fixed rate; milliseconds from the planned time to the whole answer. */
async function readPaced(url: string, { paths, perSecond, seconds }: { paths: string[], perSecond: number, seconds: number }): Promise<Read[]> {
  const done: Read[] = []
  const reads: Promise<void>[] = []
  const read = async (path: string, plannedAt: number) => {
    const answer = await fetch(url + path)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
    done.push({ path, ms: wallClock() - plannedAt })
  }
  await pace({ perSecond, count: perSecond * seconds, onDue: (n, plannedAt) => { reads.push(read(paths[n % paths.length]!, plannedAt)) } })
  await Promise.all(reads)
  return done
}
