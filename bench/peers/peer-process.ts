/** One peer's producer or worker, in a process of its own: `peer-process.ts <bullmq|graphile|pg-boss>`, asked over IPC. */
import { setTimeout as sleep } from 'node:timers/promises'
import { answerCalls } from '../called-process.ts'
import { setClock, wallClock } from '../clock.ts'
import { BATCH, COMPLETE_WITHIN_MS, PAYLOAD, type Added, type Order } from '../contestants/contestant.ts'
import { percentile } from '../figures.ts'
import { pace } from '../load/pace.ts'
import { bullmq } from './bullmq.ts'
import { graphile } from './graphile.ts'
import { pgBoss } from './pg-boss.ts'
import type { Consumer, Peer, PeerAddresses, PeerPayload, Producer } from './peer.ts'

export const PEERS = { bullmq, graphile, 'pg-boss': pgBoss }
export type PeerName = keyof typeof PEERS
/** Calls of 1000 under way at once: more made every peer slower in trials, since a longer backlog costs it more. */
const BULK_CALLS = 1

/** Of the last paced order, by job number. */
export interface PacedTimes { plannedAt: number[], sentAt: number[] }
export interface WorkTimes { startedAt: number[], completedAt: number[] }
export interface Worked { completed: number, firstStartAt: number, at: number }

const peer: Peer = PEERS[process.argv[2] as PeerName]
const addresses: PeerAddresses = { databaseUrl: process.env.PEER_DATABASE_URL!, redisUrl: process.env.PEER_REDIS_URL! }
let producer: Producer | undefined
let consumer: Consumer | undefined
let paced: PacedTimes = { plannedAt: [], sentAt: [] }
let work = emptyWork()

function emptyWork() {
  return { started: 0, completed: 0, firstStartAt: 0, at: 0, startedAt: [] as number[], completedAt: [] as number[] }
}

async function openProducer(): Promise<Producer> {
  return producer ??= await peer.openProducer(addresses)
}

async function add(order: Order): Promise<Added> {
  const open = await openProducer()
  setClock()
  const answerMs: number[] = []
  const from = wallClock()
  const timed = async (calledAt: number, call: Promise<void>) => {
    await call
    answerMs.push(wallClock() - calledAt)
  }
  const accepted = await {
    bulk: () => addBulk(order as Order & { how: 'bulk' }, batch => timed(wallClock(), open.addMany(batch))),
    single: () => addSingly(order as Order & { how: 'single' }, payload => timed(wallClock(), open.addOne(payload)), from),
    paced: () => addPaced(order as Order & { how: 'paced' }, (payload, plannedAt) => timed(plannedAt, open.addOne(payload))),
  }[order.how]()
  return { accepted, failed: 0, from, to: wallClock(), answerMs: { p50: percentile(answerMs, 0.5), p99: percentile(answerMs, 0.99) } }
}

async function addBulk({ jobs }: { jobs: number }, put: (batch: PeerPayload[]) => Promise<void>): Promise<number> {
  let left = jobs
  const batch = Array.from({ length: BATCH }, () => PAYLOAD)
  await Promise.all(Array.from({ length: BULK_CALLS }, async () => {
    while (left > 0) {
      const size = Math.min(BATCH, left)
      left -= size
      await put(size === BATCH ? batch : batch.slice(0, size))
    }
  }))
  return jobs
}

async function addSingly({ seconds }: { seconds: number }, put: (payload: PeerPayload) => Promise<void>, from: number): Promise<number> {
  let count = 0
  await Promise.all(Array.from({ length: peer.inFlight }, async () => {
    for (; wallClock() - from < seconds * 1000; count++) await put(PAYLOAD)
  }))
  return count
}

async function addPaced({ perSecond, jobs }: { perSecond: number, jobs: number }, put: (payload: PeerPayload, plannedAt: number) => Promise<void>): Promise<number> {
  paced = { plannedAt: [], sentAt: [] }
  const calls: Promise<void>[] = []
  await pace({ perSecond, count: jobs, onDue(n, plannedAt) {
    paced.plannedAt.push(plannedAt)
    paced.sentAt.push(wallClock())
    calls.push(put({ ...PAYLOAD, n }, plannedAt))
  } })
  await Promise.all(calls)
  return jobs
}

/** Begins to take jobs, and keeps the times of each by its number. */
async function start(): Promise<void> {
  setClock()
  work = emptyWork()
  consumer = await peer.consume(addresses, {
    started(n) {
      const at = wallClock()
      if (work.started++ === 0) work.firstStartAt = at
      work.startedAt[n] = at
    },
    completed(n) {
      work.completed++
      work.at = wallClock()
      work.completedAt[n] = work.at
    },
  })
}

/** Waits for so many completed jobs and for nothing being left; more than that is told too. */
async function until({ count }: { count: number }): Promise<Worked> {
  const giveUpAt = wallClock() + COMPLETE_WITHIN_MS
  while (work.completed < count && wallClock() < giveUpAt) await sleep(2)
  if (peer.left) {
    while (await peer.left() > 0 && wallClock() < giveUpAt) await sleep(2)
    work.at = wallClock()
  }
  const { completed, firstStartAt, at } = work
  return { completed, firstStartAt, at }
}

async function stop(): Promise<void> {
  await consumer?.stop()
  consumer = undefined
}

answerCalls({
  prepare: () => peer.prepare(addresses),
  open: async () => void await openProducer(),
  clear: async () => (await openProducer()).clear(),
  add, start, stop, until,
  pacedTimes: () => paced,
  workTimes: (): WorkTimes => ({ startedAt: work.startedAt, completedAt: work.completedAt }),
})
