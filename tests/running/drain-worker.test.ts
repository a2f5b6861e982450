import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Worker, WorkerSummary } from '#shared/schemas/worker.ts'
import { call } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { createDrill, ended, inState, readJob } from '../support/drills.ts'
import { freePorts } from '../support/free-ports.ts'
import { onDatabase, startProduct, type Product } from '../support/product.ts'
import { hasRedis, startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** Two worker processes of one product; each under a launcher of its own. */
describe('workers that an operator drains', () => {
  let database: TestDatabase
  let redis: TestRedis | undefined
  let product: Product
  let second: Product

  /** Those that run drills; the code worker of the product has nothing to do with them. */
  const workers = async () => ((await call(product.url, 'GET /api/v1/workers', {})).body as unknown as WorkerSummary[]).filter(worker => worker.queue_names.includes('drill'))
  const named = async (name: string) => (await workers()).find(worker => worker.name === name)
  const one = async (id: string) => (await call(product.url, 'GET /api/v1/workers/:id', { params: { id } })).body as unknown as Worker
  const idOf = async (name: string) => (await until(() => named(name), { what: `the worker ${name}` })).id
  const ask = (verb: 'drain' | 'resume', id: string, reason?: string) => call(product.url, `POST /api/v1/workers/:id/${verb}`, { params: { id }, body: { reason } })
  const inStatus = (id: string, status: WorkerSummary['status']) => until(async () => (await one(id)).status === status, { what: `the worker being ${status}` })
  const heard = (id: string, status: string) => until(async () => (await database.owner.query('select from workers where id = $1 and status = $2', [id, status])).rowCount === 1, { what: `the worker ${status}` })
  /** Runs some jobs while the other worker is drained: all of them run on this one. */
  const runOn = async (name: string, { besides, count, queue }: { besides: string, count: number, queue: string }) => {
    const [mine, other] = [await idOf(name), await idOf(besides)]
    await ask('drain', other)
    await heard(other, 'draining')
    const jobs = await Promise.all(Array.from({ length: count }, () => createDrill(product.url, 'drill', { sleep_ms: 150 }, { queue_name: queue })))
    for (const job of jobs) expect((await ended(product.url, job)).assigned_worker_id).toBe(mine)
    await ask('resume', other)
    await heard(other, 'running')
  }
  const events = async (id: string) => (await database.owner.query('select action, actor, reason from events where subject_kind = $1 and subject_id = $2 order by id', ['worker', id])).rows

  beforeAll(async () => {
    database = await createTestDatabase()
    if (hasRedis) redis = await startTestRedis()
    const env = { ...onDatabase(database.ownerUrl), ...(redis ? { REDIS_URL: redis.url } : { BESPIN_BELT: 'postgres' }) }
    product = await startProduct({ env: { ...env, BESPIN_WORKER_NAME: 'first' } })
    const [port] = await freePorts(1)
    second = await startProduct({
      env: { ...env, BESPIN_WORKER_NAME: 'second', WORKER_PORT: String(port) }, readyLine: 'the Bespin worker is ready',
      command: { file: process.execPath, args: ['scripts/launch.ts', 'worker'] },
    })
    await Promise.all(['first', 'second'].map(idOf))
  })
  afterAll(async () => {
    await second?.stop()
    await product?.stop()
    await redis?.stop()
    await database?.drop()
  })

  it('finish what they have and take nothing new, which the others do, until they are resumed', async () => {
    const id = await idOf('first')
    const long = await Promise.all(Array.from({ length: 6 }, () => createDrill(product.url, 'drill', { sleep_ms: 4000 })))
    for (const job of long) await inState(product.url, job, ['running'])
    const mine = (await until(async () => {
      const found = await one(id)
      return found.runs.length === found.current_jobs && found
    }, { what: 'its runs' })).runs
    for (const run of mine) expect(run).toMatchObject({ job_type: 'drill', queue_name: 'drill', run: 1, since: expect.any(String) })

    const answer = await ask('drain', id, 'new disk')
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ status: 'draining', drain: { by: 'open access', reason: 'new disk', since: expect.any(String) } })
    await heard(id, 'draining')
    expect((await ask('drain', id, 'again')).body).toMatchObject({ drain: { reason: 'new disk' } })

    const next = await Promise.all(Array.from({ length: 30 }, () => createDrill(product.url, 'drill', { sleep_ms: 20 })))
    const secondId = await idOf('second')
    for (const job of next) expect((await ended(product.url, job)).assigned_worker_id).toBe(secondId)
    for (const job of long) expect(await ended(product.url, job)).toMatchObject({ state: 'completed', attempt: 1 })
    expect(await until(async () => {
      const found = await one(id)
      return found.current_jobs === 0 && found
    }, { what: 'nothing being left' })).toMatchObject({ status: 'draining', runs: [], rss_bytes: expect.any(Number) })

    expect((await ask('resume', id)).body).toMatchObject({ drain: null })
    await inStatus(id, 'healthy')
    expect(await events(id)).toEqual([{ action: 'worker.drained', actor: 'open access', reason: 'new disk' }, { action: 'worker.resumed', actor: 'open access', reason: null }])
    await runOn('first', { besides: 'second', count: 5, queue: 'taken-back' })
  })

  it('leave the jobs waiting when all of them are drained, and health says so', async () => {
    const ids = (await workers()).map(worker => worker.id)
    for (const id of ids) await ask('drain', id)
    for (const id of ids) await heard(id, 'draining')
    const job = await createDrill(product.url, 'drill', {})
    const { body } = await call(product.url, 'GET /api/health', {})
    expect(body).toMatchObject({ status: 'degraded', reason: expect.stringContaining('All 2 worker processes are draining') })
    await new Promise(resolve => setTimeout(resolve, 1500))
    expect(await readJob(product.url, job)).toMatchObject({ state: 'pending', attempt: 0 })
    for (const id of ids) await ask('resume', id)
    for (const id of ids) await heard(id, 'running')
    expect(await ended(product.url, job)).toMatchObject({ state: 'completed' })
  })

  it('both tell how long their jobs ran, in one series', async () => {
    const queue = 'timed-by-two'
    await runOn('first', { besides: 'second', count: 40, queue })
    await runOn('second', { besides: 'first', count: 40, queue })
    await until(async () => {
      const { rows } = await database.owner.query('select kind, sum(count)::int as times from job_time_minutes where queue_name = $1 group by 1 order by 1', [queue])
      return JSON.stringify(rows) === JSON.stringify([{ kind: 'run', times: 80 }, { kind: 'wait', times: 80 }])
    }, { what: 'every time of both workers' })
    const { body } = await call(product.url, 'GET /api/v1/series', { query: { metric: 'run_p50', queue_name: queue } as never })
    const points = (body as unknown as { series: { points: (number | null)[] }[] }).series[0]!.points.filter(point => point !== null)
    expect(points.at(-1)).toBeGreaterThan(130)
    expect(points.at(-1)).toBeLessThan(2000)
  })

  it('can be removed when they are lost, and not before', async () => {
    const id = await idOf('second')
    const remove = () => call(product.url, 'DELETE /api/v1/workers/:id', { params: { id }, query: { reason: 'the machine is gone' } })
    const alive = await remove()
    expect(alive.status).toBe(409)
    expect(alive.body).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('second lives') })
    const { rows } = await database.owner.query('select pid from workers where id = $1', [id])
    const { pid } = (rows as { pid: number }[])[0]!
    process.kill(pid, 'SIGSTOP')
    try {
      await until(async () => (await one(id)).status === 'offline', { seconds: 20, what: 'the worker being lost' })
      expect((await ask('drain', id)).status).toBe(409)
      expect((await remove()).status).toBe(204)
      expect(await named('second')).toBeUndefined()
      expect((await remove()).status).toBe(404)
      expect((await events(id)).at(-1)).toEqual({ action: 'worker.removed', actor: 'open access', reason: 'the machine is gone' })
    }
    finally {
      process.kill(pid, 'SIGCONT')
    }
    await until(() => named('second'), { what: 'the worker coming back by itself' })
  })

  it('are 404 when nobody knows them', async () => {
    const id = crypto.randomUUID()
    for (const verb of ['drain', 'resume'] as const) expect((await ask(verb, id)).status).toBe(404)
    expect((await call(product.url, 'DELETE /api/v1/workers/:id', { params: { id } })).status).toBe(404)
  })
})
