import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from '../../scripts/launch/process-identity.ts'
import { call } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { createDrill, DRILL_TYPES, ended, inState, readJob } from '../support/drills.ts'
import { onDatabase, startProduct, type Product } from '../support/product.ts'
import { until } from '../support/until.ts'

describe('a worker that is told to stop', () => {
  let product: Product
  let database: TestDatabase
  let handedBack: string[]
  let finished: string
  let hanging: string

  beforeAll(async () => {
    database = await createTestDatabase()
    product = await startProduct({ env: onDatabase(database.ownerUrl) })
    handedBack = await Promise.all(DRILL_TYPES.map(type => createDrill(product.url, type, { sleep_ms: 9000 })))
    hanging = await createDrill(product.url, 'drill', { hang: true }, { timeout_seconds: 6, max_retries: 0 })
    finished = await createDrill(product.url, 'drill', { sleep_ms: 1500 })
    for (const id of [...handedBack, hanging, finished]) await inState(product.url, id, ['running'])
    const worker = await product.pidOf('worker')
    process.kill(worker, 'SIGTERM')
    await until(() => !isAlive(worker), { seconds: 10, what: 'the end of the worker' })
  })
  afterAll(async () => {
    await product?.stop()
    await database?.drop()
  })

  it('lets jobs end that are nearly done', async () => {
    expect(await readJob(product.url, finished)).toMatchObject({ state: 'completed', attempt: 1 })
  })

  it('has ended by itself, in time and without a claim on anything', async () => {
    const [said] = await until(() => /worker ended \(.*\)/.exec(product.log()), { what: 'a word on the end of the worker' })
    expect(said).toBe('worker ended (code 0)')
    const { rows } = await database.owner.query('select count(*)::int as held from claims c where exists (select from workers w where w.id = c.worker_id) is false')
    expect((rows as { held: number }[])[0]!.held).toBe(0)
  })

  it('hands the others back, which is counted as nothing and told as what it is', async () => {
    for (const id of [...handedBack, hanging]) {
      const { body } = await call(product.url, 'GET /api/v1/jobs/:id/attempts', { params: { id } })
      const first = (body as unknown as { run: number }[]).at(-1)
      expect(first, id).toMatchObject({ run: 1, outcome: 'handed_back' })
    }
  })

  it('lets them run again on the next worker', async () => {
    for (const id of handedBack) expect(await ended(product.url, id, 40)).toMatchObject({ state: 'completed', attempt: 2, retry_count: 0, crashes: 0 })
    expect(await ended(product.url, hanging, 40)).toMatchObject({ state: 'failed', attempt: 2, retry_count: 1 })
  })
})
