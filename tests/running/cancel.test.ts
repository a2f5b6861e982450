import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { createDrill, DRILL_TYPES, ended, inState, readJob } from '../support/drills.ts'
import { onDatabase, startProduct, type Product } from '../support/product.ts'
import { hasRedis, startTestRedis, type TestRedis } from '../support/redis.ts'

/** Long after the longest wait in these tests. */
const FOREVER = 600_000
/** What a cancel may take on a machine that is busy with other things; the promise is two seconds. */
const SECONDS = 8

let product: Product
let database: TestDatabase
let redis: TestRedis | undefined
beforeAll(async () => {
  database = await createTestDatabase()
  redis = hasRedis ? await startTestRedis() : undefined
  product = await startProduct({ env: { ...onDatabase(database.ownerUrl), ...(redis ? { REDIS_URL: redis.url } : { BESPIN_BELT: 'postgres' }) } })
})
afterAll(async () => {
  await product?.stop()
  await redis?.stop()
  await database?.drop()
})

const cancel = (id: string, reason?: string) => call(product.url, 'POST /api/v1/jobs/:id/cancel', { params: { id }, body: { reason } })
const running = async (...[type, payload, more]: [Parameters<typeof createDrill>[1], Parameters<typeof createDrill>[2], Parameters<typeof createDrill>[3]?]) => {
  const id = await createDrill(product.url, type, payload, more)
  await inState(product.url, id, ['running'])
  return id
}

describe.each(DRILL_TYPES)('a running job of type %s', (type) => {
  it('stops when it is cancelled and listens', async () => {
    const id = await running(type, { sleep_ms: FOREVER })
    expect((await cancel(id)).status).toBe(200)
    expect(await ended(product.url, id, SECONDS)).toMatchObject({ state: 'cancelled', attempt: 1, retry_count: 0, crashes: 0 })
  })

  it('is ended by force when it is cancelled and does not listen', async () => {
    const id = await running(type, { hang: true })
    await cancel(id)
    expect(await ended(product.url, id, SECONDS)).toMatchObject({ state: 'cancelled', attempt: 1 })
  })

  it('fails when its time is up, and runs again as often as it may', async () => {
    const listens = await createDrill(product.url, type, { sleep_ms: FOREVER }, { timeout_seconds: 1, max_retries: 1, backoff: { kind: 'fixed', base_ms: 0, factor: 1, max_ms: 0, jitter: 0 } })
    const hangs = await createDrill(product.url, type, { hang: true }, { timeout_seconds: 1, max_retries: 0 })
    expect(await ended(product.url, listens)).toMatchObject({ state: 'failed', attempt: 2, retry_count: 2, last_error: 'The job ran longer than its timeout of 1 s.' })
    expect(await ended(product.url, hangs)).toMatchObject({ state: 'failed', attempt: 1, crashes: 0 })
  })

  it('leaves room for the next one after it was ended by force', async () => {
    const hanging = await Promise.all(Array.from({ length: 4 }, () => running(type, { hang: true })))
    await Promise.all(hanging.map(id => cancel(id)))
    for (const id of hanging) await ended(product.url, id, SECONDS)
    expect(await ended(product.url, await createDrill(product.url, type, {}))).toMatchObject({ state: 'completed' })
  })
})

describe.each(['drill-thread', 'drill-process'] as const)('a job of type %s that keeps its thread busy', (type) => {
  it('is ended by force when it is cancelled', async () => {
    const id = await running(type, { block_ms: FOREVER })
    await cancel(id)
    expect(await ended(product.url, id, SECONDS)).toMatchObject({ state: 'cancelled' })
  })
})

describe('who cancelled a running job, and why', () => {
  it('is told by its story and by its run', async () => {
    const id = await running('drill', { sleep_ms: FOREVER })
    await cancel(id, 'ordered twice')
    await ended(product.url, id, SECONDS)
    const { text } = await call(product.url, 'GET /api/v1/jobs/:id/events', { params: { id } })
    expect(text).toContain('ordered twice')
    const { text: attempts } = await call(product.url, 'GET /api/v1/jobs/:id/attempts', { params: { id } })
    expect(attempts).toContain('Cancelled on request.')
  })

  it('a result that came all the same is kept', async () => {
    const id = await createDrill(product.url, 'drill', {})
    await ended(product.url, id)
    expect((await cancel(id)).status).toBe(409)
    expect(await readJob(product.url, id)).toMatchObject({ state: 'completed', result: { ok: true } })
  })
})

describe.skipIf(!hasRedis)('a running job while Redis is away (needs redis-server)', () => {
  it('is cancelled by the answer to the heartbeat', async () => {
    const id = await running('drill-thread', { sleep_ms: FOREVER })
    await redis!.kill()
    try {
      expect((await cancel(id)).status).toBe(200)
      expect(await ended(product.url, id, SECONDS)).toMatchObject({ state: 'cancelled' })
    }
    finally {
      await redis!.start()
    }
  })
})
