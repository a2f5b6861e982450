import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Queue } from 'bullmq'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { hasRedis, startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import type { createLane as CreateLane, Lane } from '../../workers/lane.ts'
import type { guardBelt as GuardBelt } from '../../workers/guard-belt.ts'
import type { watchIdleLane as WatchIdleLane } from '../../workers/watch-idle-lane.ts'
import type { drain as Drain } from '../../workers/drain.ts'
import type { stopAllRuns as StopAllRuns } from '../../workers/running-runs.ts'
import type * as Belt from '#server/infra/belt.ts'
import type { acceptJob as AcceptJob } from '#server/domain/engine/accept-jobs.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
const LANE = 'drill-thread'

describe.skipIf(!hasRedis)('a lane of a worker (needs redis-server)', () => {
  let database: TestDatabase
  let redis: TestRedis
  let belt: typeof Belt
  let acceptJob: typeof AcceptJob
  let drain: typeof Drain
  let stopAllRuns: typeof StopAllRuns
  let createLane: typeof CreateLane
  let guardBelt: typeof GuardBelt
  let watchIdleLane: typeof WatchIdleLane
  let closeAll: () => Promise<void>
  let lane: Lane

  beforeAll(async () => {
    database = await createTestDatabase()
    redis = await startTestRedis()
    Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: redis.url, BESPIN_BELT: 'redis', LOG_LEVEL: 'error' })
    belt = await import('#server/infra/belt.ts')
    acceptJob = (await import('#server/domain/engine/accept-jobs.ts')).acceptJob
    drain = (await import('../../workers/drain.ts')).drain
    stopAllRuns = (await import('../../workers/running-runs.ts')).stopAllRuns
    createLane = (await import('../../workers/lane.ts')).createLane
    guardBelt = (await import('../../workers/guard-belt.ts')).guardBelt
    watchIdleLane = (await import('../../workers/watch-idle-lane.ts')).watchIdleLane
    const { closeDatabase } = await import('#server/infra/database.ts')
    const { closeLiveBus } = await import('#server/infra/live-bus.ts')
    const { closePools } = await import('../../workers/outside/pools.ts')
    closeAll = async () => {
      closePools()
      await closeLiveBus()
      await belt.closeBelt()
      await closeDatabase()
    }
  })
  beforeEach(() => { lane = createLane(LANE, randomUUID()) })
  afterEach(async () => {
    // What is meant to outlast its test goes back at once; a drain would let it run on for seconds first.
    stopAllRuns()
    await drain([lane])
    await redis.wipe()
    await database.owner.query('truncate jobs, due_jobs, claims, job_attempts')
  })
  afterAll(async () => {
    await closeAll?.()
    await redis?.stop()
    await database?.drop()
  })

  const accept = (payload: object) => acceptJob({ organizationId: ORGANIZATION, queueName: LANE, jobType: LANE, payload: JSON.stringify(payload), priority: 0, maxRetries: 0, timeoutSeconds: 60 })
  const states = async () => (await database.owner.query('select state, count(*)::int as count from jobs group by 1 order by 1')).rows
  const waiting = async () => (await database.owner.query('select from due_jobs where ready')).rowCount
  const redisSays = async (...command: [string, ...string[]]) => {
    const { Redis } = await import('ioredis')
    const client = new Redis(redis.url)
    try { return await client.call(...command) } finally { client.disconnect() }
  }

  it('runs what the belt carries, and takes nothing after it was closed', async () => {
    lane.open()
    await Promise.all([accept({}), accept({}), accept({})])
    await until(async () => (await states()).length === 1 && (await states())[0].state === 'completed', { what: 'the end of all' })
    await lane.close()
    await accept({})
    expect(await belt.laneDepth(LANE)).toBe(1)
    expect(lane.isOpen).toBe(false)
  })

  it('claims no more than it can run: the rest of an envelope goes back for others', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => accept({ sleep_ms: 30_000 })))
    await redis.wipe()
    await belt.pushEnvelopes(LANE, [{ ids: ids.map(({ id }) => id), priority: 0 }])
    lane.open()
    await until(async () => await waiting() === 2, { what: 'the two that do not fit, back in the waiting room' })
    expect(await states()).toEqual([{ state: 'pending', count: 2 }, { state: 'running', count: 4 }])
    await belt.pushEnvelopes(LANE, [{ ids: [ids[5]!.id], priority: 0 }])
    expect(lane.slots.free).toBe(0)
    expect(await belt.laneDepth(LANE)).toBe(1)
  })

  it('lets go of its place with the end of each job, and of everything in the end', async () => {
    lane.open()
    await Promise.all(Array.from({ length: 10 }, () => accept({ sleep_ms: 20 })))
    await until(async () => (await states())[0]?.count === 10 && (await states())[0].state === 'completed', { what: 'the end of all' })
    await until(() => lane.busy === 0 && lane.slots.free === 4, { what: 'all places being free' })
  })

  it('stays closed while Redis may evict keys, says why, and opens when that is mended', async () => {
    await redisSays('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    const guard = guardBelt([lane], { lookMs: 100 })
    try {
      await guard.start()
      expect(guard.trouble).toMatch(/noeviction/)
      expect(lane.isOpen).toBe(false)
      await redisSays('config', 'set', 'maxmemory-policy', 'noeviction')
      await until(() => lane.isOpen, { seconds: 15, what: 'the lane being open' })
      expect(guard.trouble).toBeNull()
      await redisSays('config', 'set', 'maxmemory-policy', 'allkeys-lru')
      await until(() => !lane.isOpen, { seconds: 15, what: 'the lane being closed again' })
    }
    finally {
      guard.stop()
      await redisSays('config', 'set', 'maxmemory-policy', 'noeviction')
    }
  }, 60_000)

  describe('that stands still beside waiting jobs', () => {
    /** Nobody but this test pauses a queue of the belt: to the lane it is a connection that gives nothing. */
    const stuck = async (work: () => Promise<void>) => {
      const queue = new Queue(LANE, { prefix: `{bespin:${LANE}}`, connection: { url: redis.url } as never })
      await queue.pause()
      try { await work() } finally {
        await queue.resume()
        await queue.close()
      }
    }
    const watch = (giveUp: () => void) => {
      const stop = new AbortController()
      const watching = watchIdleLane(lane, { signal: stop.signal, giveUp, lookMs: 20 })
      return async () => {
        stop.abort()
        await watching
      }
    }

    it('is given a new connection, and is given up when that does not help', async () => {
      lane.open()
      await stuck(async () => {
        await accept({})
        let givenUp = false
        const end = watch(() => { givenUp = true })
        await until(() => givenUp, { seconds: 15, what: 'the lane being given up' })
        expect(lane.isOpen).toBe(true)
        await end()
      })
    })

    it.each([
      ['nothing waits', async () => {}],
      ['it is closed', async () => { await accept({}); await lane.close() }],
      ['Redis is away', async () => { await accept({}); await redis.kill() }, () => redis.start()],
    ])('is left alone when %s', async (_, prepare, mend = async () => {}) => {
      lane.open()
      await stuck(async () => {
        await prepare()
        let givenUp = false
        const end = watch(() => { givenUp = true })
        await new Promise(resolve => setTimeout(resolve, 2000))
        expect(givenUp).toBe(false)
        await end()
        await mend()
      })
    })
  })
})
