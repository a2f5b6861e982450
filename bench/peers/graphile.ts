import { Logger, makeWorkerUtils, run, WorkerPreset, type WorkerUtils } from 'graphile-worker'
import pg from 'pg'
import type { Peer } from './peer.ts'

const TASK = 'bench'
const CONCURRENCY = 24
/** It logs each job; the product does not either at the level it is measured with. */
const silent = new Logger(() => () => undefined)
let left: pg.Client | undefined

/**
 * graphile-worker in its batched form: 500 jobs fetched at once, completions deleted together. Its `job:complete` event
 * comes before that delete, so the end of a sample is when its table is empty.
 */
export const graphile: Peer = {
  title: 'graphile-worker', inFlight: 16,
  prepare: async ({ databaseUrl }) => {
    const utils = await openUtils(databaseUrl)
    await utils.migrate()
    await utils.release()
  },
  async openProducer({ databaseUrl }) {
    const utils = await openUtils(databaseUrl)
    return {
      addMany: async payloads => void await utils.addJobs(payloads.map(payload => ({ identifier: TASK, payload }))),
      addOne: async payload => void await utils.addJob(TASK, payload),
      clear: async () => utils.withPgClient(async client => void await client.query('truncate graphile_worker._private_jobs')),
      close: async () => utils.release(),
    }
  },
  async consume({ databaseUrl }, told) {
    left = new pg.Client({ connectionString: databaseUrl })
    await left.connect()
    const runner = await run({
      preset: {
        extends: [WorkerPreset],
        worker: { connectionString: databaseUrl, concurrentJobs: CONCURRENCY, maxPoolSize: CONCURRENCY, localQueue: { size: 500 }, completeJobBatchDelay: 0, logger: silent },
      },
      noHandleSignals: true,
      taskList: { [TASK]: async (payload) => {
        const { n } = payload as { n: number }
        told.started(n)
        told.completed(n)
      } },
    })
    return {
      stop: async () => {
        await runner.stop()
        await left?.end()
      },
    }
  },
  left: async () => Number((await left!.query<{ n: number }>('select count(*)::int as n from graphile_worker._private_jobs')).rows[0]?.n),
}

const openUtils = (connectionString: string): Promise<WorkerUtils> => makeWorkerUtils({ connectionString, maxPoolSize: 16, logger: silent })
