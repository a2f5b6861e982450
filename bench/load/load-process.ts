/** The load generator: a process of its own, so that its CPU is counted apart from everything else. */
import { answerCalls } from '../called-process.ts'
import { setClock, wallClock } from '../clock.ts'
import { percentile } from '../figures.ts'
import { openHttpSocket, postBytes, type HttpAnswer, type HttpSocket } from './http-socket.ts'
import { pace } from './pace.ts'

export interface LoadOrder {
  url: string
  path: string
  /** Sent in turn. */
  bodies: string[]
  connections: number
  /** The answer that counts as accepted. */
  status: number
  /** What ends it: so many requests, or so much time; with `perSecond` an open loop of so many requests. */
  requests?: number
  seconds?: number
  perSecond?: number
  /** What an answer holds: one job, or the list of a bulk call. */
  answers: 'job' | 'bulk'
  /** What a good client does while a server is being started again: a broken connection is opened anew, a refused call waits. */
  patient?: boolean
}

/** Times are wall-clock milliseconds. `ids` are of acknowledged jobs; planned and sent times belong to them, one each, for paced orders. */
export interface LoadResult {
  accepted: number
  failed: number
  from: number
  to: number
  answerMs: { p50: number, p99: number }
  ids: string[]
  plannedAt: number[]
  sentAt: number[]
}

const PAUSE_MS = 50

interface Client { socket: HttpSocket, plannedAt: number, sentAt: number, busy: boolean }
interface Load {
  order: LoadOrder
  requests: Buffer[]
  result: Omit<LoadResult, 'accepted' | 'answerMs' | 'ids'>
  bodies: Buffer[]
  answerMs: number[]
  clients: Client[]
  /** Planned times of requests that wait for a free connection. */
  waiting: number[]
  /** Whose turn it is in the open loop. */
  turn: number
  sent: number
  endAt: number
  ended: PromiseWithResolvers<void>
  isOver: boolean
}

async function send(order: LoadOrder): Promise<LoadResult> {
  setClock()
  const load: Load = {
    order, requests: order.bodies.map(body => postBytes({ ...order, body })), bodies: [], answerMs: [], clients: [], waiting: [], turn: 0, sent: 0, endAt: Infinity, ended: Promise.withResolvers(), isOver: false,
    result: { failed: 0, from: 0, to: 0, plannedAt: [], sentAt: [] },
  }
  for (let n = 0; n < order.connections; n++) openClient(load)
  // All connections stand before the clock starts.
  await new Promise(resolve => setTimeout(resolve, 100))
  load.result.from = wallClock()
  if (order.perSecond === undefined) startLoop(load)
  else await pace({ perSecond: order.perSecond, count: order.requests!, onDue: (_, plannedAt) => put(load, plannedAt) })
  await load.ended.promise
  load.isOver = true
  for (const { socket } of load.clients) socket.close()
  const ids = load.bodies.flatMap(body => idsOf(order, body))
  return { ...load.result, accepted: ids.length, ids, answerMs: { p50: percentile(load.answerMs, 0.5), p99: percentile(load.answerMs, 0.99) } }
}

function openClient(load: Load, at = load.clients.length): void {
  if (load.isOver) return
  const client: Client = { plannedAt: 0, sentAt: 0, busy: false, socket: openHttpSocket(load.order.url, {
    onAnswer: answer => onAnswer(load, client, answer),
    onLost: () => onLost(load, client, at),
  }) }
  load.clients[at] = client
  if (load.result.from > 0 && load.order.perSecond === undefined) next(load, client)
}

function startLoop(load: Load): void {
  load.endAt = load.order.seconds === undefined ? Infinity : load.result.from + load.order.seconds * 1000
  for (const client of load.clients) next(load, client)
}

const isEnough = ({ order, sent, endAt }: Load): boolean => order.requests !== undefined ? sent >= order.requests : wallClock() >= endAt

/** The closed loop: a free connection sends again at once. */
function next(load: Load, client: Client): void {
  if (load.order.perSecond !== undefined) {
    const plannedAt = load.waiting.shift()
    if (plannedAt !== undefined) return write(load, client, plannedAt)
  }
  else if (!isEnough(load)) return write(load, client, wallClock())
  if (isEnough(load) && load.waiting.length === 0 && load.clients.every(({ busy }) => !busy)) load.ended.resolve()
}

/** Connections take turns: one that is never used is closed by the server. */
function put(load: Load, plannedAt: number): void {
  const free = nextFree(load)
  if (free) write(load, free, plannedAt)
  else load.waiting.push(plannedAt)
}

function nextFree(load: Load): Client | undefined {
  const { clients, turn } = load
  for (let n = 0; n < clients.length; n++) {
    const client = clients[(turn + n) % clients.length]!
    if (client.busy) continue
    load.turn = (turn + n + 1) % clients.length
    return client
  }
  return undefined
}

function write(load: Load, client: Client, plannedAt: number): void {
  const request = load.requests[load.sent++ % load.requests.length]!
  client.busy = true
  client.plannedAt = plannedAt
  client.sentAt = wallClock()
  client.socket.send(request)
}

function onAnswer(load: Load, client: Client, { status, body }: HttpAnswer): void {
  const { order, result, answerMs, bodies } = load
  result.to = wallClock()
  client.busy = false
  if (status !== order.status) {
    if (result.failed++ === 0 && !order.patient) console.error(`${order.path} answered ${status}: ${body.toString().slice(0, 300)}`)
    return order.patient ? void setTimeout(() => next(load, client), PAUSE_MS) : next(load, client)
  }
  answerMs.push(result.to - client.plannedAt)
  bodies.push(body)
  if (order.perSecond !== undefined) {
    result.plannedAt.push(client.plannedAt)
    result.sentAt.push(client.sentAt)
  }
  next(load, client)
}

function onLost(load: Load, client: Client, at: number): void {
  load.result.failed += client.busy ? 1 : 0
  client.busy = false
  if (!load.order.patient) return load.ended.reject(new Error(`a connection to ${load.order.url} broke`))
  if (isEnough(load)) return next(load, client)
  setTimeout(() => openClient(load, at), PAUSE_MS)
}

const ID = /"(?:job_)?id":"([0-9a-f-]{36})"/

/** The acknowledged ids of an answer. Read after the load, so that reading them costs the measured time nothing. */
function idsOf({ answers }: LoadOrder, body: Buffer): string[] {
  if (answers === 'job') return ID.exec(body.toString('latin1'))?.slice(1) ?? []
  const { succeeded } = JSON.parse(body.toString()) as { succeeded: { job_id: string }[] }
  return succeeded.map(({ job_id }) => job_id)
}

answerCalls({ send })
