import { join } from 'node:path'
import pg from 'pg'
import { startCalled, type CalledProcess } from '../called-process.ts'
import type { PacedTimes, PeerName, Worked, WorkTimes } from '../peers/peer-process.ts'
import type { Parts } from '../process-table.ts'
import type { Added, Completed, Contestant, JobTimes, Order } from './contestant.ts'

export const PEER_TITLES: Record<PeerName, string> = { bullmq: 'BullMQ', graphile: 'graphile-worker', 'pg-boss': 'pg-boss' }
const PROCESS = join(import.meta.dirname, '../peers/peer-process.ts')

export interface PeerServices {
  /** The peers' own database on the server of the product. */
  databaseUrl: string
  redisUrl: string
  /** Process id of the server it uses. */
  services(): Parts
}

/** A peer library: one process that adds, one that works, both without HTTP in between. */
export async function openPeer(name: PeerName, { databaseUrl, redisUrl, services }: PeerServices): Promise<Contestant> {
  const env = { PEER_DATABASE_URL: databaseUrl, PEER_REDIS_URL: redisUrl, NO_LOG_SUCCESS: '1' }
  const producer = startCalled(PROCESS, { args: [name], env })
  const database = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  // The server may go first when the benchmark is interrupted.
  database.on('error', () => undefined)
  let worker: CalledProcess | undefined
  await producer.call('prepare')
  await producer.call('open')
  return {
    key: name, title: PEER_TITLES[name],
    parts: () => ({ producer: producer.pid, worker: worker?.pid, ...services() }),
    async startWorker() {
      worker ??= startCalled(PROCESS, { args: [name], env })
      await worker.call('start')
    },
    restWorker: async () => void await worker?.call('stop'),
    async stopWorker() {
      await worker?.end()
      worker = undefined
    },
    add: (order: Order) => producer.call<Added>('add', order),
    async untilCompleted({ accepted }): Promise<Completed> {
      const { completed, firstStartAt, at } = await worker!.call<Worked>('until', { count: accepted })
      if (completed < accepted) throw new Error(`${PEER_TITLES[name]} completed ${completed} of ${accepted} jobs`)
      return { firstStartAt, at, broken: completed === accepted ? [] : [`${PEER_TITLES[name]} completed ${completed} of ${accepted} jobs`] }
    },
    // A peer that loses jobs shows it where they are completed.
    lost: async () => [],
    jobTimes: async since => pairUp(await producer.call<PacedTimes>('pacedTimes'), await worker!.call<WorkTimes>('workTimes'), since),
    async clear() {
      await producer.call('clear')
      await database.query('checkpoint')
    },
    async end() {
      await worker?.end()
      await producer.end()
      await database.end()
    },
  }
}

function pairUp(paced: PacedTimes, { startedAt, completedAt }: WorkTimes, since: 'planned' | 'sent'): JobTimes {
  const from = since === 'planned' ? paced.plannedAt : paced.sentAt
  return { started: from.map((at, n) => startedAt[n]! - at), completed: from.map((at, n) => completedAt[n]! - at) }
}
