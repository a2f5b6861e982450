import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { createDrill, DRILL_TYPES, ended, inState } from '../support/drills.ts'
import { onDatabase, startProduct, type Product } from '../support/product.ts'
import { until } from '../support/until.ts'

let product: Product
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  product = await startProduct({ env: onDatabase(database.ownerUrl) })
})
afterAll(async () => {
  await product?.stop()
  await database?.drop()
})

const once = { max_retries: 0 }
const runsOf = async (id: string) => {
  const { body } = await call(product.url, 'GET /api/v1/jobs/:id/attempts', { params: { id } })
  return (body as unknown as { outcome: string }[]).map(attempt => attempt.outcome).reverse()
}

describe.each(DRILL_TYPES)('a processor of type %s', (type) => {
  it('that throws something other than an Error fails with what it threw', async () => {
    const id = await createDrill(product.url, type, { throw: 'text' }, once)
    expect(await ended(product.url, id)).toMatchObject({ state: 'failed', last_error: 'This is failure 1 of a drill.' })
  })
})

describe.each(['drill-thread', 'drill-process'] as const)('a job of type %s that ends its own %s', (type) => {
  it.each([['exits', { exit: true }], ['needs too much memory', { leak_mb: 1000 }]])('because it %s goes to the dead letter after three crashes; its neighbours and the worker live on', async (_, payload) => {
    const worker = await product.pidOf('worker')
    const neighbours = await Promise.all([createDrill(product.url, type, { sleep_ms: 2000 }), createDrill(product.url, 'drill', { sleep_ms: 2000 })])
    for (const id of neighbours) await inState(product.url, id, ['running'])
    const id = await createDrill(product.url, type, payload)
    expect(await ended(product.url, id, 30)).toMatchObject({ state: 'failed', crashes: 3, retry_count: 0, last_error: expect.stringMatching(/of this job ended: /) })
    for (const each of neighbours) expect(await ended(product.url, each)).toMatchObject({ state: 'completed', attempt: 1 })
    expect(await product.pidOf('worker')).toBe(worker)
  })
})

describe('a processor that holds up the event loop of its worker', () => {
  it('costs nobody the lease: all of them run once', async () => {
    const neighbour = await createDrill(product.url, 'drill', { sleep_ms: 500 })
    const id = await createDrill(product.url, 'drill', { block_ms: 11_000 })
    for (const each of [id, neighbour]) expect(await ended(product.url, each, 30)).toMatchObject({ state: 'completed', attempt: 1, crashes: 0 })
  })
})

describe('a job that ends its worker', () => {
  it('makes suspects of all that ran there; each runs alone, so that only the culprit goes to the dead letter', async () => {
    const neighbours = await Promise.all(Array.from({ length: 5 }, () => createDrill(product.url, 'drill', { sleep_ms: 3000 })))
    for (const id of neighbours) await inState(product.url, id, ['running'])
    const worker = await product.pidOf('worker')
    const culprit = await createDrill(product.url, 'drill', { exit: true })
    expect(await ended(product.url, culprit, 60)).toMatchObject({ state: 'failed', crashes: 3, retry_count: 0 })
    expect(await runsOf(culprit)).toEqual(['lost', 'crashed', 'crashed', 'crashed'])
    for (const id of neighbours) {
      expect(await ended(product.url, id, 40)).toMatchObject({ state: 'completed', crashes: 0, retry_count: 0 })
    }
    // It fell once: from then on the culprit had a process of its own to end.
    const next = await product.pidOf('worker')
    expect(next).not.toBe(worker)
    expect(product.log().match(/worker ended/g)).toHaveLength(1)
  })

  it('and was alone in it is the culprit at once', async () => {
    await until(async () => (await database.owner.query(`select from jobs where state = 'running'`)).rowCount === 0, { what: 'an idle worker' })
    const culprit = await createDrill(product.url, 'drill', { exit: true })
    expect(await ended(product.url, culprit, 60)).toMatchObject({ state: 'failed', crashes: 3 })
    expect(await runsOf(culprit)).toEqual(['crashed', 'crashed', 'crashed'])
  })
})
