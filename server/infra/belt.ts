import { createPostgresBackend, Queue, Worker, type BackendFactory } from 'bullmq'
import type { Redis } from 'ioredis'
import { getConfig } from '#server/config.ts'
import { createBatcher } from '#server/infra/batcher.ts'
import { pool } from '#server/infra/database.ts'
import { logger } from '#server/infra/logger.ts'
import { openRedis } from '#server/infra/redis.ts'

/**
 * The belt: BullMQ carrying hints (ids) from the record to the workers, on Redis when there is one, else on BullMQ's
 * own PostgreSQL backend. It may be wiped at any time; BullMQ never decides about a job.
 */
export type Lane = string
export interface Envelope { ids: string[], priority: number }
export interface BeltWorker { close(): Promise<void> }

const EPOCH_KEY = 'bespin:epoch'
/** On PostgreSQL belt and record live and die together, so the epoch always matches. */
const POSTGRES_EPOCH = 'postgres'
/** How long running envelopes have to end when the process stops (the launcher's own limit is 6 s); their jobs come back by their lease. */
const CLOSE_MS = 4000
const queues = new Map<Lane, Queue<{ ids: string[] }>>()
let redis: Redis | undefined

const onRedis = () => getConfig().redisUrl !== undefined
const prefixOf = (lane: Lane) => `{bespin:${lane}}`
const producer = () => (redis ??= openRedis('producer'))

function queue(lane: Lane): Queue<{ ids: string[] }> {
  let found = queues.get(lane)
  if (!found) {
    const common = { prefix: prefixOf(lane), streams: { events: { maxLen: 100 } } }
    found = onRedis()
      ? new Queue(lane, { ...common, connection: producer(), skipWaitingForReady: true })
      : new Queue(lane, { ...common, connection: pool('belt') as never }, createPostgresBackend as never as BackendFactory) as never as Queue<{ ids: string[] }>
    found.on('error', error => logger().debug({ lane, error: error.message }, 'belt queue error'))
    queues.set(lane, found)
  }
  return found
}

/** Runs `work` with a lane's queue. On Redis BullMQ remembers a failed connect for good: there a queue that failed is made anew. */
async function withQueue<T>(lane: Lane, work: (queue: Queue<{ ids: string[] }>) => Promise<T>): Promise<T> {
  const current = queue(lane)
  try {
    return await work(current)
  }
  catch (error) {
    if (onRedis()) {
      if (queues.get(lane) === current) queues.delete(lane)
      void current.close().catch(() => {})
    }
    throw error
  }
}

/** Ours: -100 (last) to 100 (first). BullMQ's: 1 (first) upwards, and jobs without one before all others, so each gets one. */
const toBeltPriority = (priority: number) => 101 - priority

const pushers = new Map<Lane, (envelopes: Envelope[]) => Promise<true>>()

/** Puts envelopes on a lane; throws when the belt is away (the caller hands the ids back to the dispatcher). */
export async function pushEnvelopes(lane: Lane, envelopes: Envelope[]): Promise<void> {
  if (onRedis()) return push(lane, envelopes)
  // Pushes on PostgreSQL wait for each other in the server (each notifies): what comes meanwhile goes together.
  const pusher = pushers.get(lane) ?? createBatcher<Envelope[], true>({ slots: 1, max: 1000, flush: async (calls) => {
    await push(lane, calls.flat())
    return calls.map(() => true)
  } })
  pushers.set(lane, pusher)
  await pusher(envelopes)
}

async function push(lane: Lane, envelopes: Envelope[]): Promise<void> {
  await withQueue(lane, queue => queue.addBulk(envelopes.map(({ ids, priority }) => ({
    name: 'envelope',
    data: { ids },
    opts: { attempts: 1, removeOnComplete: true, removeOnFail: true, priority: toBeltPriority(priority) },
  }))))
}

/** Envelopes that wait on a lane. */
export async function laneDepth(lane: Lane): Promise<number> {
  const counts = await withQueue(lane, queue => queue.getJobCounts('waiting', 'prioritized'))
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** The epoch the belt shows; null when it shows none (it is new, or was wiped). */
export async function readBeltEpoch(): Promise<string | null> {
  return onRedis() ? producer().get(EPOCH_KEY) : POSTGRES_EPOCH
}

export async function writeBeltEpoch(epoch: string): Promise<void> {
  if (onRedis()) await producer().set(EPOCH_KEY, epoch)
}

export const beltHasEpochs = onRedis

/** What carries the belt. */
export const beltKind = (): 'redis' | 'postgres' => onRedis() ? 'redis' : 'postgres'

/** True when the belt answers within `timeoutMs`. On PostgreSQL it is as alive as the database. */
export async function beltAnswers(timeoutMs = 1000): Promise<boolean> {
  const ask = onRedis() ? producer().ping() : pool('belt').query('select 1')
  const late = new Promise<false>(resolve => setTimeout(resolve, timeoutMs, false).unref())
  return Promise.race([Promise.resolve(ask).then(() => true, () => false), late])
}

const WANTED_POLICY = 'noeviction'

/**
 * Why the belt must not be worked on, in a sentence for people; null when all is well. A Redis that may evict keys under
 * memory pressure would drop hints and break BullMQ's bookkeeping without a word. Unknown (no answer) counts as well.
 */
export async function beltTrouble(): Promise<string | null> {
  if (!onRedis()) return null
  const info = await producer().info('memory').catch(() => '')
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (policy === undefined || policy === WANTED_POLICY) return null
  return `Redis may evict keys (maxmemory-policy is ${policy}), so the workers take no jobs. Set it to ${WANTED_POLICY}: redis-cli CONFIG SET maxmemory-policy ${WANTED_POLICY}, and in redis.conf.`
}

/** Whether this process may read what is no lane's on Redis, such as the epoch; null when the belt is not on Redis. Throws when it is away. */
export async function reachesForeignKeys(): Promise<boolean | null> {
  if (!onRedis()) return null
  try {
    await producer().get(EPOCH_KEY)
    return true
  }
  catch (error) {
    if ((error as Error).message.includes('NOPERM')) return false
    throw error
  }
}

/** Handles envelopes of a lane, `concurrency` at once. The handler must not throw for a job's sake. */
export function workLane(options: { lane: Lane, concurrency: number, handle(ids: string[]): Promise<void> }): BeltWorker {
  const { lane, concurrency, handle } = options
  const settings = {
    concurrency, prefix: prefixOf(lane), maxStalledCount: 0, stalledInterval: 5000, lockDuration: 30_000, drainDelay: 5, runRetryDelay: 1000,
    removeOnComplete: { count: 0 }, removeOnFail: { count: 0 },
  }
  const process = async (job: { data: { ids: string[] } }) => handle(job.data.ids)
  const worker = onRedis()
    ? new Worker(lane, process, { ...settings, connection: openRedis('consumer') })
    : new Worker(lane, process, { ...settings, connection: pool('belt') as never }, createPostgresBackend as never)
  worker.on('error', (error: Error) => logger().debug({ lane, error: error.message }, 'belt worker error'))
  worker.on('failed', (_job: unknown, error: Error) => logger().warn({ lane, error: error.message }, 'an envelope was dropped; its jobs come back through the dispatcher'))
  return {
    // BullMQ waits for its carrier to come back before it closes; what runs is given its time, a missing carrier is not.
    close: async () => {
      const closed = worker.close()
      const late = new Promise<'late'>(resolve => setTimeout(resolve, CLOSE_MS, 'late').unref())
      if (await Promise.race([closed, late]) === 'late') void worker.close(true).catch(() => {})
    },
  }
}

export async function closeBelt(): Promise<void> {
  await Promise.allSettled([...queues.values()].map(each => each.close()))
  queues.clear()
  redis?.disconnect()
  redis = undefined
}
