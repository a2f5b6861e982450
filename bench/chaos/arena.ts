/** The product under attack, and how to reach its parts. */
import { Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Product } from '../product.ts'
import type { Chance } from './chance.ts'

export interface Arena {
  product: Product
  owner: pg.Pool
  chance: Chance
  /** Waits that only make the play longer are shortened. */
  short: boolean
  /** Adds a worker process whose clock is wrong by so many seconds; answers its id in the table of workers. */
  addSkewedWorker(seconds: number): Promise<string>
  /** Begins to end that worker process and its launcher in order. */
  removeSkewedWorker(): void
  say(line: string): void
}

const AWAY_MAX_MS = 60_000

/** Repeats a question while the database is away. */
export async function patiently<T>(question: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + AWAY_MAX_MS; ; await sleep(100)) {
    try {
      return await question()
    }
    catch (error) {
      if (Date.now() > until) throw error
    }
  }
}

export interface LiveWorker { id: string, pid: number, running: number }

/** Workers heard of lately, in a random order; at least `atLeast` of them. */
export async function liveWorkers({ owner, chance }: Arena, atLeast = 1): Promise<LiveWorker[]> {
  return patiently(async () => {
    const { rows } = await owner.query<LiveWorker>(`select id, pid, running from workers where heartbeat_at > now() - interval '3 seconds' order by id`)
    if (rows.length < atLeast) throw new Error(`only ${rows.length} workers are heard of`)
    return chance.shuffle(rows)
  })
}

/** The worker process that dispatches now. */
export async function leader({ owner }: Arena): Promise<LiveWorker> {
  return patiently(async () => {
    const { rows } = await owner.query<LiveWorker>(`
      select w.id, w.pid, w.running from control_leases l join workers w on w.id = l.holder
      where l.name = 'dispatch' and l.expires_at > now() and w.heartbeat_at > now() - interval '5 seconds'`)
    if (!rows[0]) throw new Error('nobody dispatches')
    return rows[0]
  })
}

/** Sends a signal to one process of the product, which this program started; false when it is gone already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name)
    return true
  }
  catch {
    return false
  }
}

/** Process id of a part of the product that the launcher started, waiting until it is there. */
export async function pidOf({ product }: Arena, name: string): Promise<number> {
  for (const until = Date.now() + AWAY_MAX_MS; Date.now() < until; await sleep(25)) {
    const pid = product.pidOf(name)
    if (pid) return pid
  }
  throw new Error(`The product runs no ${name}.`)
}

/** Asks the product's Redis for something, once. */
export async function onRedis({ product }: Arena, work: (client: Redis) => Promise<unknown>): Promise<void> {
  if (!product.redisUrl) throw new Error('The product runs without Redis.')
  const client = new Redis(product.redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1, connectTimeout: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await work(client)
  }
  finally {
    client.disconnect()
  }
}
