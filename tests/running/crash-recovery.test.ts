import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAlive } from '../../scripts/launch/process-identity.ts'
import { call, send } from '../support/api.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { acceptJobs, allCompleted } from '../support/load.ts'
import { onDatabase, startProduct, type Product } from '../support/product.ts'
import { until } from '../support/until.ts'

describe('a worker that is killed in the middle of its work', () => {
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

  it('loses no accepted job, and each ends completed with one result', async () => {
    const accepting = acceptJobs(product.url, { count: 400, length: 200_000 })
    await until(async () => (await call(product.url, 'GET /api/v1/jobs/stats', {})).body.completed as number > 20, { what: 'a worker in the middle of its work' })
    const killed = await product.pidOf('worker')
    process.kill(killed, 'SIGKILL')
    const ids = await accepting
    expect(ids).toHaveLength(400)
    await until(async () => await product.pidOf('worker') !== killed, { seconds: 20, what: 'a new worker' })
    await allCompleted(product.url, ids)
  })

  it('is told apart from failures: what it held ran again, uncounted as a failure', async () => {
    const { rows } = await database.owner.query('SELECT count(*)::int AS again, max(failures)::int AS failures FROM jobs WHERE run > 1') as { rows: { again: number, failures: number }[] }
    expect(rows[0]!.again).toBeGreaterThan(0)
    expect(rows[0]!.failures).toBe(0)
  })

  it('leaves no lease behind', async () => {
    await until(async () => {
      const { rows } = await database.owner.query('SELECT count(*)::int AS held FROM claims') as { rows: { held: number }[] }
      return rows[0]!.held === 0
    }, { seconds: 30, what: 'every claim being given back' })
  })

  it('is said in the log with the wait before the next start', () => {
    expect(product.log()).toMatch(/worker ended \(signal SIGKILL\); starting it again in 1 s/)
  })

  it('a killed web process comes back on the same port, and what it had accepted is there', async () => {
    const ids = await acceptJobs(product.url, { count: 50 })
    process.kill(await product.pidOf('web'), 'SIGKILL')
    await until(async () => (await send(product.url, '/health/ready')).status === 200, { seconds: 20, what: 'the web process answering again' })
    await allCompleted(product.url, ids)
  })
})

describe('a database that goes away', () => {
  let product: Product
  beforeAll(async () => { product = await startProduct() })
  afterAll(() => product?.stop())

  it('embedded and killed with -9: comes back by itself with every accepted job', async () => {
    const before = await acceptJobs(product.url, { count: 100 })
    process.kill(await product.pidOf('postgres'), 'SIGKILL')
    await until(async () => (await send(product.url, '/health/ready')).status === 200, { seconds: 40, what: 'ready again' })
    const after = await acceptJobs(product.url, { count: 50 })
    await allCompleted(product.url, [...before, ...after])
  })

  it('is a 503 in the error shape meanwhile, never a 500 and never a hang', async () => {
    process.kill(await product.pidOf('postgres'), 'SIGKILL')
    try {
      // A killed postmaster leaves its backends alive until they notice, so the first answers may still be honest 202s.
      const answers: Awaited<ReturnType<typeof send>>[] = []
      await until(async () => {
        answers.push(...await Promise.all(Array.from({ length: 10 }, () => send(product.url, '/api/jobs/random-text', { method: 'POST' }))))
        return answers.some(answer => answer.status === 503)
      }, { what: 'a 503 while the database is away' })
      for (const answer of answers) {
        expect([202, 503]).toContain(answer.status)
        if (answer.status === 503) expect(answer.body).toMatchObject({ code: 'SERVICE_UNAVAILABLE', path: '/api/jobs/random-text' })
      }
    } finally {
      await until(async () => (await send(product.url, '/health/ready')).status === 200, { seconds: 40, what: 'ready again' })
    }
  })

  it('keeps everything when the launcher itself is killed and started again in the same folder', async () => {
    const ids = await acceptJobs(product.url, { count: 60, length: 50_000 })
    const programs = await Promise.all(['web', 'worker', 'postgres'].map(async name => ({ name, pid: await product.pidOf(name) })))
    const gone = once(product.launcher, 'exit')
    product.launcher.kill('SIGKILL')
    await gone
    product = await startProduct({ dataDir: product.dataDir })
    expect(programs.filter(({ pid }) => isAlive(pid)), 'programs of the killed start that still run').toEqual([])
    await allCompleted(product.url, ids)
  })
})

describe('an organization other than the caller\'s', () => {
  let database: TestDatabase
  let product: Product
  beforeAll(async () => {
    database = await createTestDatabase()
    product = await startProduct({ env: { ...onDatabase(database.ownerUrl), BESPIN_BELT: 'postgres' } })
  })
  afterAll(async () => {
    await product?.stop()
    await database?.drop()
  })

  it('has jobs and receipts that are not there: 404 and absent from every list', async () => {
    const organization = crypto.randomUUID()
    const [job, receipt] = [crypto.randomUUID(), crypto.randomUUID()]
    const owner = new pg.Client({ connectionString: database.ownerUrl })
    await owner.connect()
    await owner.query(`INSERT INTO organizations (id, name, slug) VALUES ($1, 'Other', 'other')`, [organization])
    await owner.query(`INSERT INTO jobs (id, organization_id, queue_name, state, payload, max_retries, timeout_seconds, created_at, updated_at)
      VALUES ($1, $2, 'secret-queue', 'completed', '{}', 3, 300, now(), now())`, [job, organization])
    await owner.query(`INSERT INTO receipts (id, organization_id, source, scheme, verified, headers, body, created_at)
      VALUES ($1, $2, 'secret-source', 'generic', true, '{}', '', now())`, [receipt, organization])
    await owner.end()
    for (const path of [`/api/jobs/${job}`, `/api/v1/jobs/${job}`, `/api/webhooks/${receipt}`]) {
      expect((await send(product.url, path)).status, path).toBe(404)
    }
    for (const path of ['/api/jobs', '/api/v1/jobs', '/api/webhooks', '/api/v1/jobs/stats', '/api/v1/dashboard', `/api/v1/jobs?q=${job}`]) {
      const { status, text } = await send(product.url, path)
      expect(status, path).toBe(200)
      expect(text, path).not.toMatch(/secret-queue|secret-source/)
      expect(text, path).not.toContain(job)
    }
  })
})
