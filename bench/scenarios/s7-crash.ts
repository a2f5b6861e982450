import { Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { QUIET } from '../arena.ts'
import { startCalled } from '../called-process.ts'
import { judgeIds, LOAD_PROCESS, toLoad } from '../contestants/product-contestant.ts'
import { collectFigures } from '../figures.ts'
import type { LoadResult } from '../load/load-process.ts'
import type { Measurement } from '../measurement.ts'
import type { BenchOptions } from '../options.ts'
import { startProduct, type Product } from '../product.ts'

/** In this order, spread evenly over the load. */
const BLOWS = ['web', 'flush', 'worker', 'postgres', 'flush', 'web', 'worker', 'flush'] as const
const RECOVER_WITHIN_MS = 120_000

/** S2's load while web process, worker and PostgreSQL are killed and Redis is emptied: nothing acknowledged may be missing. */
export const measureCrash: Measurement = {
  letter: 's7', name: 'crash', title: 'S7. Crash: kill -9 of web, worker and PostgreSQL and FLUSHALL under S2\'s load',
  async run(bench) {
    const figures = collectFigures()
    const broken: string[] = []
    for (let round = 0; round < Math.min(bench.rounds, 3); round++) {
      const product = await startProduct({ belt: bench.belt, env: QUIET, profile: bench.profile })
      try {
        await oneRound({ product, bench, figures, broken })
      }
      finally {
        await product.stop()
      }
    }
    return { figures: figures.all(), broken, notes: [
      `${bench.loadSeconds ?? 30} s of load; ${BLOWS.join(', ')}; clients open a broken connection again and send the next job`,
      'the launcher waits 1, 2 and 4 s before it starts a process again that was killed so often in a row; that is within the time'] }
  },
}

interface Round { product: Product, bench: BenchOptions, figures: ReturnType<typeof collectFigures>, broken: string[] }

async function oneRound({ product, bench, figures, broken }: Round): Promise<void> {
  const seconds = bench.loadSeconds ?? 30
  const load = startCalled(LOAD_PROCESS)
  const sending = load.call<LoadResult>('send', { ...toLoad({ how: 'single', seconds }, { url: product.url, connections: bench.connections }), patient: true })
  const [sent] = await Promise.all([sending, strikeAll(product, seconds)])
  await load.end()
  await untilHealthy(product.url)
  const restartedAt = Date.now()
  const database = new pg.Pool({ connectionString: product.databaseUrl, max: 1 })
  // The server may go first when the benchmark is interrupted.
  database.on('error', () => undefined)
  try {
    await untilNothingIsOpen(database)
    const recoveredMs = Date.now() - restartedAt
    const { rows } = await database.query<{ all: number, again: number }>('select count(*)::int as all, count(*) filter (where run > 1)::int as again from jobs')
    const { all = 0, again = 0 } = rows[0] ?? {}
    const { lost, open } = await judgeIds(database, sent.ids)
    if (lost + open > 0) broken.push(`${lost} acknowledged jobs are missing and ${open} were not completed`)
    figures.add('acknowledged', sent.accepted, { unit: 'jobs' })
    figures.add('calls that were refused or broke off', sent.failed, { unit: 'calls' })
    figures.add('accepted without an answer', all - sent.accepted, { unit: 'jobs' })
    figures.add('everything completed after the last restart', recoveredMs / 1000, { unit: 's', atMost: 30 })
    figures.add('ran more than once', 100 * again / all, { unit: '%' })
    figures.add('lost', lost, { unit: 'jobs', atMost: 0 })
    figures.add('not completed', open, { unit: 'jobs', atMost: 0 })
  }
  finally {
    await database.end()
  }
}

async function strikeAll(product: Product, seconds: number): Promise<void> {
  const pauseMs = seconds * 1000 / (BLOWS.length + 1)
  for (const blow of BLOWS) {
    await sleep(pauseMs)
    if (blow === 'flush') await wipeRedis(product)
    else await kill(product, blow)
  }
}

/** Ends one process of the product, which the benchmark started; one that is being started again is waited for. */
async function kill(product: Product, name: string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const pid = product.pidOf(name)
    if (pid) return void process.kill(pid, 'SIGKILL')
    await sleep(50)
  }
  throw new Error(`The product runs no ${name} that could be killed.`)
}

async function wipeRedis({ redisUrl }: Product): Promise<void> {
  if (!redisUrl) return
  const client = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.flushall()
  }
  finally {
    client.disconnect()
  }
}

async function untilHealthy(url: string): Promise<void> {
  for (const until = Date.now() + RECOVER_WITHIN_MS; Date.now() < until; await sleep(25)) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)
    const health = answer && await answer.json() as { status?: string }
    if (health?.status === 'healthy') return
  }
}

async function untilNothingIsOpen(database: pg.Pool): Promise<void> {
  for (const until = Date.now() + RECOVER_WITHIN_MS; Date.now() < until; await sleep(50)) {
    const { rows } = await database.query<{ open: boolean }>(`select exists (select from jobs where state not in ('completed', 'failed', 'cancelled', 'expired')) as open`)
    if (!rows[0]?.open) return
  }
}
