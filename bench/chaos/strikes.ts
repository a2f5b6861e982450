import { Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Product } from '../product.ts'

/** One blow, and how long the product needed to take a new job and complete it. */
export interface Strike { name: string, at: Date, recoveredMs: number }
interface Blow { name: string, onRedis?: true, hit(product: Product): Promise<void> }

const RECOVER_WITHIN_MS = 60_000

const BLOWS: Blow[] = [
  { name: 'kill -9 worker', hit: product => kill(product, 'worker') },
  { name: 'kill -9 web', hit: product => kill(product, 'web') },
  { name: 'redis FLUSHALL', onRedis: true, hit: wipeRedis },
  { name: 'kill -9 redis', onRedis: true, hit: product => kill(product, 'redis') },
  { name: 'kill -9 postgres', hit: product => kill(product, 'postgres') },
  { name: 'kill -9 worker and web', hit: async (product) => { await kill(product, 'worker'); await kill(product, 'web') } },
  { name: 'kill -9 worker, then redis FLUSHALL', onRedis: true, hit: async (product) => { await kill(product, 'worker'); await wipeRedis(product) } },
]

/** Deals every blow that fits the belt, each after the product recovered from the one before and worked for `pauseMs`. */
export async function strikeAll({ product, belt, pauseMs, say }: { product: Product, belt: string, pauseMs: number, say: (line: string) => void }): Promise<Strike[]> {
  const strikes: Strike[] = []
  for (const { name, hit } of BLOWS.filter(blow => !blow.onRedis || belt === 'redis')) {
    await sleep(pauseMs)
    const at = new Date()
    await hit(product)
    const recoveredMs = await untilRecovered(product.url, at)
    say(`  ${name.padEnd(38)} a new job was taken and completed after ${Number.isNaN(recoveredMs) ? 'NEVER' : `${(recoveredMs / 1000).toFixed(1)} s`}`)
    strikes.push({ name, at, recoveredMs })
  }
  await sleep(pauseMs)
  return strikes
}

/** Ends one process of the product, which the benchmark started. */
async function kill(product: Product, name: string): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    const pid = product.pidOf(name)
    if (pid) return void process.kill(pid, 'SIGKILL')
    await sleep(50)
  }
  throw new Error(`The product runs no ${name} that could be killed.`)
}

async function wipeRedis({ redisUrl }: Product): Promise<void> {
  if (!redisUrl) throw new Error('The product runs without Redis.')
  const client = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.flushall()
  }
  finally {
    client.disconnect()
  }
}

/** As a user sees it: a job is made and its result read. Milliseconds since the blow; NaN when it does not come back. */
async function untilRecovered(url: string, at: Date): Promise<number> {
  const ask = async (path: string, method: string) => {
    const answer = await fetch(url + path, { method, signal: AbortSignal.timeout(5000) })
    return await answer.json() as { id?: string, status?: string }
  }
  let id: string | undefined
  for (; Date.now() - at.getTime() < RECOVER_WITHIN_MS; await sleep(25)) {
    try {
      id ??= (await ask('/api/jobs/random-text?length=50', 'POST')).id
      if (id && (await ask(`/api/jobs/${id}`, 'GET')).status === 'completed') return Date.now() - at.getTime()
    }
    catch { /* not back yet */ }
  }
  return Number.NaN
}
