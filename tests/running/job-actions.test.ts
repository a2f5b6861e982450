import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobAction } from '#shared/schemas/action.ts'
import { call } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { acceptJobs, allCompleted } from '../support/load.ts'
import { onDatabase, startProduct, type Product } from '../support/product.ts'
import { until } from '../support/until.ts'

const MANY = 20_000

describe('an action on 20,000 jobs while a worker works', () => {
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

  const get = async (id: string) => (await call(product.url, 'GET /api/v1/job-actions/:id', { params: { id } })).body as unknown as JobAction
  const over = (id: string) => until(async () => {
    const action = await get(id)
    return action.state === 'completed' && action
  }, { seconds: 50, what: 'the end of the action' })

  it('goes on after its worker was killed, ends with every job changed once, and others\' jobs run meanwhile', async () => {
    for (let n = 0; n < MANY; n += 10_000) await call(product.url, 'POST /api/v1/jobs/bulk', { body: { queue_name: 'stuck', jobs: Array.from({ length: 10_000 }, () => ({})) } })
    const body = { action: 'cancel' as const, filter: { queue_name: 'stuck' }, reason: 'the receiver is gone', rate: 3000 }
    const refused = await call(product.url, 'POST /api/v1/job-actions', { body })
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ matched: MANY })
    const { body: action, status } = await call(product.url, 'POST /api/v1/job-actions', { body: { ...body, confirm: String(MANY) } })
    expect(status).toBe(202)
    const id = action.id as string
    await until(async () => (await get(id)).done > 2000, { seconds: 20, what: 'the action in the middle of its work' })
    const others = acceptJobs(product.url, { count: 200 })
    const killed = await product.pidOf('worker')
    process.kill(killed, 'SIGKILL')
    await until(async () => await product.pidOf('worker') !== killed, { seconds: 20, what: 'a new worker' })
    await allCompleted(product.url, await others)
    expect(await over(id)).toMatchObject({ matched: MANY, done: MANY, skipped: 0, failed: 0 })
    const { rows } = await database.owner.query(`select count(*)::int as events, count(distinct subject_id)::int as jobs from events where action = 'job.cancelled'`) as { rows: unknown[] }
    expect(rows).toEqual([{ events: MANY, jobs: MANY }])
    expect((await call(product.url, 'GET /api/v1/jobs/stats', { query: { queue_name: 'stuck' } })).body).toMatchObject({ cancelled: MANY, pending: 0 })
  })

  it('is taken back whole, and answers of the API stay quick', async () => {
    const [action] = (await call(product.url, 'GET /api/v1/job-actions', {})).body as unknown as JobAction[]
    const { body: undo } = await call(product.url, 'POST /api/v1/job-actions/:id/undo', { params: { id: action!.id }, body: {} })
    let slowest = 0
    await until(async () => {
      const begin = performance.now()
      await call(product.url, 'POST /api/v1/jobs', { body: { queue_name: 'beside' } })
      slowest = Math.max(slowest, performance.now() - begin)
      return (await get(undo.id as string)).state === 'completed'
    }, { seconds: 50, what: 'the end of the undo' })
    expect(await get(undo.id as string)).toMatchObject({ done: MANY, skipped: 0 })
    expect((await call(product.url, 'GET /api/v1/jobs/stats', { query: { queue_name: 'stuck' } })).body).toMatchObject({ cancelled: 0, pending: MANY })
    expect(slowest).toBeLessThan(3000)
  })
})
