import { setTimeout as sleep } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'
import { BATCH } from '../contestants/contestant.ts'
import { RESULT, type Peer, type PeerPayload, type Told } from './peer.ts'

const QUEUE = 'bench'
const LOOPS = 2
/** Its own `work()` looks twice a second at most, so that would be its speed; asking again this soon is to its favour. */
const PAUSE_WHEN_EMPTY_MS = 10

/** pg-boss through its batch calls: two loops that fetch 1000, do them, complete 1000. Its maintenance stays off while measured. */
export const pgBoss: Peer = {
  title: 'pg-boss', inFlight: 16,
  prepare: async ({ databaseUrl }) => {
    const boss = await open(databaseUrl)
    await boss.createQueue(QUEUE)
    await boss.stop()
  },
  async openProducer({ databaseUrl }) {
    const boss = await open(databaseUrl)
    return {
      addMany: async payloads => void await boss.insert(QUEUE, payloads.map(data => ({ data }))),
      addOne: async payload => void await boss.send(QUEUE, payload),
      clear: () => boss.deleteAllJobs(QUEUE),
      close: () => boss.stop(),
    }
  },
  async consume({ databaseUrl }, told) {
    const boss = await open(databaseUrl)
    const state = { stopping: false }
    const loops = Array.from({ length: LOOPS }, () => loop({ boss, told, state }))
    return {
      stop: async () => {
        state.stopping = true
        await Promise.all(loops)
        await boss.stop()
      },
    }
  },
}

async function open(connectionString: string): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false })
  boss.on('error', error => console.error(`pg-boss: ${error.message}`))
  return boss.start()
}

async function loop({ boss, told, state }: { boss: PgBoss, told: Told, state: { stopping: boolean } }): Promise<void> {
  while (!state.stopping) {
    const jobs = await boss.fetch<PeerPayload>(QUEUE, { batchSize: BATCH })
    if (jobs.length === 0) {
      await sleep(PAUSE_WHEN_EMPTY_MS)
      continue
    }
    for (const { data } of jobs) told.started(data.n)
    await boss.complete(QUEUE, jobs.map(({ id }) => id), RESULT)
    for (const { data } of jobs) told.completed(data.n)
  }
}
