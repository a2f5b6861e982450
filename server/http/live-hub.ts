import type { Peer } from 'crossws'
import { closeListeners, resyncListeners, tellListeners } from '#server/http/job-listeners.ts'
import { sendToAll } from '#server/http/outbox.ts'
import { jobFrames, type JobFrameSource } from '#server/domain/jobs/job-frames.ts'
import { subscribe, type LiveItems, type LiveTopic } from '#server/infra/live-bus.ts'
import { logger } from '#server/infra/logger.ts'
import { liveSockets } from '#server/infra/metrics.ts'
import { VERSION } from '#server/infra/version.ts'
import type { JobChange, LiveFrame } from '#shared/schemas/live.ts'

/** Above this many unsent bytes a client is too slow: it is cut off, and fetches again when it comes back. */
const MAX_BUFFERED = 4 * 1024 * 1024
const PING_MS = 15_000
const ALL = '*'

type Room = 'live' | 'jobs' | 'job'
interface Seat { room: Room, key: string, peer: Peer, onJob?: (source: JobFrameSource) => void, onResync?: () => void, onLeave?: () => void }

const seats: Record<Room, Map<string, Set<Seat>>> = { live: new Map(), jobs: new Map(), job: new Map() }
const seatOf = new Map<string, Seat>()

/** Seats a peer; `key` is the organization (or `*`) in `live` and `jobs`, the job id in `job`. */
export function join(seat: Seat): void {
  const room = seats[seat.room]
  const peers = room.get(seat.key) ?? new Set()
  room.set(seat.key, peers.add(seat))
  seatOf.set(seat.peer.id, seat)
  liveSockets.inc({ route: seat.room })
}

export function leave(peer: Peer): void {
  const seat = seatOf.get(peer.id)
  if (!seat) return
  seatOf.delete(peer.id)
  const peers = seats[seat.room].get(seat.key)
  peers?.delete(seat)
  if (peers?.size === 0) seats[seat.room].delete(seat.key)
  liveSockets.dec({ route: seat.room })
  seat.onLeave?.()
}

/** Sends text unless the client lags; a client that lags far is closed with 1013 (try again later). */
export function sendTo(peer: Peer, text: string): void {
  const buffered = peer.send(text, { compress: false })
  if (typeof buffered === 'number' && buffered > MAX_BUFFERED) peer.close(1013, 'too slow')
}

/** Seats a tab of the dashboard and greets it; with a queue it hears of that queue's jobs only. */
export function joinLive(peer: Peer, organizationId: string, queueName?: string): void {
  join({ room: 'live', key: queueName === undefined ? organizationId : queueKey(organizationId, queueName), peer })
  sendTo(peer, encode({ type: 'hello', version: VERSION, server_time: new Date().toISOString() }))
}

const encode = (frame: LiveFrame): string => JSON.stringify(frame)

const queueKey = (organizationId: string, queueName: string) => `${organizationId} ${queueName}`

/** Encoded once for all who hear it. */
function toLive(key: string, frame: () => LiveFrame): void {
  const room = seats.live.get(key)
  if (room) tell(room, encode(frame()))
}

/** Who leaves meanwhile is left out. */
function tell(room: Iterable<Seat>, text: string): void {
  sendToAll(room, ({ peer }) => {
    if (seatOf.has(peer.id)) sendTo(peer, text)
  })
}

/** What follows the first message within this time travels with it to the dashboards: nobody reads faster. */
const GATHER_MS = 100
const gathering = new Map<string, JobChange[]>()

/** The first changes of an organization go at once, those that follow together. */
function toDashboards(organizationId: string, jobs: JobChange[]): void {
  const waiting = gathering.get(organizationId)
  if (waiting) return void waiting.push(...jobs)
  gathering.set(organizationId, [])
  tellDashboards(organizationId, jobs)
  setTimeout(() => {
    const gathered = gathering.get(organizationId) ?? []
    gathering.delete(organizationId)
    if (gathered.length > 0) toDashboards(organizationId, gathered)
  }, GATHER_MS).unref()
}

function tellDashboards(organizationId: string, jobs: JobChange[]): void {
  toLive(organizationId, () => ({ type: 'jobs', jobs }))
  for (const [queueName, ofQueue] of Map.groupBy(jobs, job => job.queue_name)) toLive(queueKey(organizationId, queueName), () => ({ type: 'jobs', jobs: ofQueue }))
}

/** Job changes are told in order: one delivery ends before the next begins, since finished jobs are read first. */
let delivery = Promise.resolve()

function onItems<T extends LiveTopic>(topic: T, items: LiveItems[T][]): void {
  if (topic !== 'jobs' && topic !== 'receipts') return
  for (const [organizationId, ofOne] of Map.groupBy(items as (LiveItems['jobs'] | LiveItems['receipts'])[], item => item.organization_id)) {
    if (topic === 'receipts') {
      const receipts = (ofOne as LiveItems['receipts'][]).map(({ organization_id: _, ...receipt }) => receipt)
      toLive(organizationId, () => ({ type: 'receipts', receipts }))
      continue
    }
    const jobs = ofOne as JobChange[]
    tellListeners(jobs)
    if (seats.live.size > 0) toDashboards(organizationId, jobs)
    delivery = delivery.then(() => toWatchers(organizationId, jobs)).catch((error: Error) => logger().warn({ error: error.message }, 'job changes not delivered'))
  }
}

async function toWatchers(organizationId: string, changes: JobChange[]): Promise<void> {
  const everyJob = [...seats.jobs.get(organizationId) ?? [], ...seats.jobs.get(ALL) ?? []]
  const wanted = everyJob.length > 0 ? changes : changes.filter(change => seats.job.has(change.id))
  if (wanted.length === 0) return
  for (const source of await jobFrames(organizationId, wanted)) {
    for (const seat of everyJob) seat.onJob?.(source)
    for (const seat of seats.job.get(source.change.id) ?? []) seat.onJob?.(source)
  }
}

function onResync(): void {
  resyncListeners()
  for (const seat of seatOf.values()) {
    if (seat.room === 'live') tell([seat], encode({ type: 'resync' }))
    else seat.onResync?.()
  }
}

/** Listens to the live bus and keeps the sockets warm, until the returned function is called. */
export function openLiveHub(): () => Promise<void> {
  const unsubscribe = subscribe('bespin_live', { onItems, onResync })
  const timer = setInterval(() => {
    tell([...seatOf.values()].filter(seat => seat.room === 'live'), encode({ type: 'ping', server_time: new Date().toISOString() }))
  }, PING_MS)
  return async () => {
    clearInterval(timer)
    closeListeners()
    for (const { peer } of seatOf.values()) peer.close(1001, 'the server stops')
    await unsubscribe()
  }
}
