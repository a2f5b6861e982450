import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { genericWebhook } from '../factories/webhook.ts'
import { call, send } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { acceptJobs, allCompleted } from '../support/load.ts'
import { onDatabase, pathWithoutRedis, startProduct, type Product } from '../support/product.ts'
import { hasRedis, startTestRedis, type TestRedis } from '../support/redis.ts'
import { openSocket } from '../support/socket.ts'
import { until } from '../support/until.ts'

type Frame = Record<string, unknown>

/** What a belt must carry, whichever it is. */
function beltContract(kind: 'redis' | 'postgres', product: () => Product): void {
  it(`is ${kind}, says the health answer, and healthy`, async () => {
    const { body } = await call(product().url, 'GET /api/health', {})
    expect(body).toMatchObject({ status: 'healthy', cache: true, belt: kind })
  })

  it('carries every accepted job to its end', async () => {
    const ids = await acceptJobs(product().url, { count: 150 })
    expect(ids).toHaveLength(150)
    await allCompleted(product().url, ids)
  })

  it('carries a job of the future to its end', async () => {
    const { body } = await call(product().url, 'POST /api/v1/jobs', { body: { job_type: 'random-text', scheduled_at: new Date(Date.now() + 700).toISOString() } })
    await allCompleted(product().url, [body.id as string])
  })

  it('tells the end of a job and a receipt to every socket', async () => {
    const watchers = await Promise.all(['/api/ws/jobs', '/api/ws/jobs'].map(path => openSocket<Frame>(product().url, path)))
    const live = await openSocket<Frame>(product().url, '/api/v1/live')
    const [id] = await acceptJobs(product().url, { count: 1 })
    for (const watcher of watchers) {
      await watcher.next(frame => frame.id === id && frame.status === 'completed')
      watcher.close()
    }
    const { headers, body } = genericWebhook()
    expect((await send(product().url, '/api/webhooks/test', { method: 'POST', headers, body: body as string })).status).toBe(202)
    await live.next(frame => frame.type === 'receipts')
    live.close()
  })

  it('stops within 10 seconds of Ctrl-C', async () => {
    expect(await product().stop()).toBeLessThan(10)
    expect(product().launcher.exitCode).toBe(0)
  })
}

describe.skipIf(!hasRedis)('the belt on a private Redis found on this machine, nothing else given (needs redis-server)', () => {
  let product: Product
  beforeAll(async () => { product = await startProduct() })
  afterAll(() => product?.stop())
  beltContract('redis', () => product)
})

describe('the belt without any Redis on this machine', () => {
  let product: Product
  let path: string
  let database: TestDatabase
  beforeAll(async () => {
    path = await pathWithoutRedis()
    database = await createTestDatabase()
    product = await startProduct({ path, env: onDatabase(database.ownerUrl) })
  })
  afterAll(async () => {
    await product?.stop()
    await database?.drop()
    await rm(path, { recursive: true, force: true })
  })
  beltContract('postgres', () => product)
})

describe.skipIf(!hasRedis)('the belt on a Redis given by REDIS_URL (needs redis-server)', () => {
  let product: Product
  let redis: TestRedis
  let database: TestDatabase
  beforeAll(async () => {
    redis = await startTestRedis()
    database = await createTestDatabase()
    product = await startProduct({ env: { ...onDatabase(database.ownerUrl), REDIS_URL: redis.url } })
  })
  afterAll(async () => {
    await product?.stop()
    await redis?.stop()
    await database?.drop()
  })

  it('may be wiped while jobs are on it: none is lost', async () => {
    const half = await acceptJobs(product.url, { count: 200, length: 20_000 })
    await redis.wipe()
    const rest = await acceptJobs(product.url, { count: 100 })
    expect(half.length + rest.length).toBe(300)
    await allCompleted(product.url, [...half, ...rest])
  })

  it('may be away: jobs are accepted at once, health says degraded and why, and they run when it is back', async () => {
    await redis.kill()
    const start = performance.now()
    const ids = await acceptJobs(product.url, { count: 50 })
    expect(ids).toHaveLength(50)
    expect(performance.now() - start).toBeLessThan(10_000)
    const health = await until(async () => {
      const { status, body } = await call(product.url, 'GET /api/health', {})
      return body.status === 'degraded' && { status, body }
    }, { what: 'health saying degraded' })
    expect(health).toMatchObject({ status: 200, body: { database: true, cache: false, reason: expect.stringMatching(/redis|belt/i) } })
    await redis.start()
    await allCompleted(product.url, ids)
    await until(async () => (await call(product.url, 'GET /api/health', {})).body.status === 'healthy', { what: 'health saying healthy again' })
  })

  it('tells live clients to fetch again after it was away', async () => {
    const live = await openSocket<Frame>(product.url, '/api/v1/live')
    await live.next(frame => frame.type === 'hello')
    await redis.kill()
    await redis.start()
    await live.next(frame => frame.type === 'resync', 20)
    live.close()
  })

  beltContract('redis', () => product)
})
