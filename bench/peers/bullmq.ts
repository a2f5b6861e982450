import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { RESULT, type Peer, type PeerPayload } from './peer.ts'

const QUEUE = 'bench'
const OPTIONS = { removeOnComplete: true, removeOnFail: true }

/** Raw BullMQ on Redis: addBulk, a worker with 100 jobs at once; what is finished is removed. */
export const bullmq: Peer = {
  title: 'BullMQ', inFlight: 64,
  prepare: async () => undefined,
  async openProducer({ redisUrl }) {
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
    const queue = new Queue<PeerPayload>(QUEUE, { connection })
    return {
      addMany: async payloads => void await queue.addBulk(payloads.map(data => ({ name: 'bench', data, opts: OPTIONS }))),
      addOne: async payload => void await queue.add('bench', payload, OPTIONS),
      clear: async () => void await connection.flushdb(),
      close: async () => {
        await queue.close()
        connection.disconnect()
      },
    }
  },
  async consume({ redisUrl }, told) {
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
    const handle = async ({ data }: { data: PeerPayload }) => {
      told.started(data.n)
      return RESULT
    }
    const worker = new Worker<PeerPayload>(QUEUE, handle, { connection, concurrency: 100, removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } })
    worker.on('completed', ({ data }) => told.completed(data.n))
    await worker.waitUntilReady()
    return {
      stop: async () => {
        await worker.close()
        connection.disconnect()
      },
    }
  },
}
