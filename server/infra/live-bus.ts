import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { CodeOutputChunk } from '#shared/schemas/code.ts'
import type { JobChange } from '#shared/schemas/live.ts'
import type { ReceiptSummary } from '#shared/schemas/receipt.ts'
import { getConfig } from '#server/config.ts'
import { listenClient, pool } from '#server/infra/database.ts'
import { logger } from '#server/infra/logger.ts'
import { openRedis } from '#server/infra/redis.ts'

/**
 * What goes over the bus: job changes, receipts with the organization they belong to, running jobs that are to stop,
 * wishes that the dispatcher looks again; what running code prints, and that somebody watches it (`replay`: from its start).
 */
export interface LiveItems {
  jobs: JobChange
  receipts: ReceiptSummary & { organization_id: string }
  cancels: { id: string, organization_id: string }
  wakes: { at: number }
  outputs: { organization_id: string, chunk: CodeOutputChunk, replayed?: true }
  watches: { kind: 'replay' | 'watch', job_id: string, organization_id: string }
}
export type LiveTopic = keyof LiveItems
interface Message<T extends LiveTopic = LiveTopic> { from: string, n: number, topic: T, items: LiveItems[T][] }

export interface LiveSubscriber {
  onItems<T extends LiveTopic>(topic: T, items: LiveItems[T][]): void
  /** Something was missed: fetch again what is shown. */
  onResync(): void
  /** From now on nothing is missed; once, at the beginning. */
  onReady?(): void
}

/**
 * What people watch, and what the engine tells itself: workers need not hear of every change. A code worker may listen to
 * `bespin_control` and not speak on it; the others of these it may speak on.
 */
export type LiveChannel = 'bespin_live' | 'bespin_control' | 'bespin_output' | 'bespin_wakes'
const CHANNEL_OF: Record<LiveTopic, LiveChannel> = {
  jobs: 'bespin_live', receipts: 'bespin_live', cancels: 'bespin_control', watches: 'bespin_control', outputs: 'bespin_output', wakes: 'bespin_wakes',
}
/** NOTIFY refuses 8,000 bytes; the same limit on Redis keeps single messages short. */
const MAX_BYTES = 7500
/**
 * The first message goes at once; what follows within the pause travels together. The pause grows with what the last
 * message carried: a lone job is seen within milliseconds, a flood costs few messages.
 */
const pauseAfter = (items: number): number => Math.min(50, Math.max(2, items / 8))

/** More than this is not kept, while the bus is slow and in a flood nobody could watch: receivers see the gap and fetch again. */
const MAX_QUEUED = 500

const publisher = randomUUID()
const sequences: Record<LiveChannel, number> = { bespin_live: 0, bespin_control: 0, bespin_output: 0, bespin_wakes: 0 }
let redis: Redis | undefined
const queued = new Map<LiveTopic, unknown[]>()
let sending: Promise<void> | undefined

/**
 * Tells every process that listens. Best effort: never throws, never waited for; receivers notice a gap and fetch again.
 * @param toItem makes an item of a row, only for what is really sent.
 */
export function publish<T extends LiveTopic>(topic: T, items: LiveItems[T][]): void
export function publish<T extends LiveTopic, R>(topic: T, rows: R[], toItem: (row: R) => LiveItems[T]): void
export function publish<T extends LiveTopic, R>(topic: T, rows: R[], toItem?: (row: R) => LiveItems[T]): void {
  if (rows.length === 0) return
  const waiting = queued.get(topic) ?? []
  queued.set(topic, waiting)
  const room = MAX_QUEUED - waiting.length
  if (room < rows.length) sequences[CHANNEL_OF[topic]]++
  for (const row of room < rows.length ? rows.slice(0, Math.max(0, room)) : rows) waiting.push(toItem ? toItem(row) : row)
  sending ??= sendQueued().finally(() => { sending = undefined })
}

/** One message after the other: on PostgreSQL two connections could overtake each other. */
async function sendQueued(): Promise<void> {
  while (queued.size > 0) {
    const topics = [...queued]
    queued.clear()
    for (const [topic, items] of topics) await sendItems(topic, items as never)
    const sent = topics.reduce((sum, [, items]) => sum + items.length, 0)
    await new Promise(resolve => setTimeout(resolve, pauseAfter(sent)))
  }
}

/** Sends at once, in order; resolves when all is sent, or could not be. For senders that keep a queue of their own. */
export async function sendItems<T extends LiveTopic>(topic: T, items: LiveItems[T][]): Promise<void> {
  const channel = CHANNEL_OF[topic]
  for (const chunk of chunks(items, channel)) await send(channel, { from: publisher, n: ++sequences[channel], topic, items: chunk as never })
}

/** Splits by serialised size; a single item over the limit is left out, which receivers see as a gap. */
function* chunks(items: unknown[], channel: LiveChannel): Generator<unknown[]> {
  let chunk: unknown[] = []
  let bytes = 200
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1
    if (size > MAX_BYTES - 200) { sequences[channel]++; continue }
    if (bytes + size > MAX_BYTES) { yield chunk; chunk = []; bytes = 200 }
    chunk.push(item)
    bytes += size
  }
  if (chunk.length > 0) yield chunk
}

async function send(channel: LiveChannel, message: Message): Promise<void> {
  const text = JSON.stringify(message)
  try {
    if (getConfig().redisUrl) await (redis ??= openRedis('producer')).publish(channel, text)
    else await pool('engine').query('select pg_notify($1, $2)', [channel, text])
  }
  catch (error) {
    logger().debug({ error: (error as Error).message }, 'live message not sent')
  }
}

/** Listens to a channel until the returned function is called; reconnects by itself and then says `onResync`. */
export function subscribe(channel: LiveChannel, subscriber: LiveSubscriber): () => Promise<void> {
  const seen = new Map<string, number>()
  const receive = (text: string) => {
    const message = JSON.parse(text) as Message
    const last = seen.get(message.from)
    if (last !== undefined && message.n !== last + 1) subscriber.onResync()
    seen.set(message.from, message.n)
    subscriber.onItems(message.topic, message.items as never)
  }
  return getConfig().redisUrl ? subscribeRedis(channel, receive, subscriber) : subscribePostgres(channel, receive, subscriber)
}

function subscribeRedis(channel: LiveChannel, receive: (text: string) => void, subscriber: LiveSubscriber): () => Promise<void> {
  const connection = openRedis('consumer')
  let wasReady = false
  connection.on('message', (_channel: string, text: string) => receive(text))
  connection.on('ready', () => {
    if (wasReady) subscriber.onResync()
    wasReady = true
  })
  connection.subscribe(channel).then(() => subscriber.onReady?.()).catch((error: Error) => logger().warn({ error: error.message }, 'live bus: subscribe failed'))
  return async () => connection.disconnect()
}

function subscribePostgres(channel: LiveChannel, receive: (text: string) => void, subscriber: LiveSubscriber): () => Promise<void> {
  let closed = false
  let current: ReturnType<typeof listenClient> | undefined
  let retry: NodeJS.Timeout | undefined
  const connect = async (again: boolean) => {
    const client = current = listenClient()
    let lost = false
    const reconnect = () => {
      if (closed || lost) return
      lost = true
      void client.end().catch(() => {})
      retry = setTimeout(() => void connect(true), 500)
    }
    client.on('error', reconnect)
    client.on('end', reconnect)
    client.on('notification', ({ payload }) => payload && receive(payload))
    try {
      await client.connect()
      await client.query(`listen ${channel}`)
      if (again) subscriber.onResync()
      else subscriber.onReady?.()
    }
    catch {
      reconnect()
    }
  }
  void connect(false)
  return async () => {
    closed = true
    clearTimeout(retry)
    await current?.end().catch(() => {})
  }
}

/** Sends what is left, waiting for it one second at most. */
export async function closeLiveBus(): Promise<void> {
  await Promise.race([sending, new Promise(resolve => setTimeout(resolve, 1000).unref())])
  redis?.disconnect()
  redis = undefined
}
