import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
/** An id of the year 2001, long past any retention. */
const oldId = () => `00e3${randomUUID().slice(4, 14)}7${randomUUID().slice(15)}`
let database: TestDatabase
let keepPartitions: () => Promise<void>
let close: () => Promise<void>

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  ;({ keepPartitions } = await import('#server/domain/engine/keep-history.ts'))
  close = (await import('#server/infra/database.ts')).closeDatabase
})
afterAll(async () => {
  await close?.()
  await database?.drop()
})

const link = async (jobId: string) => {
  await database.owner.query(`INSERT INTO job_links (job_id, organization_id, origin_id, kind, actor) VALUES ($1, $2, $3, 'edited', 'ada')`, [jobId, ORGANIZATION, randomUUID()])
  return jobId
}
const record = async (seen: string, isAlive = false) => {
  const id = randomUUID()
  await database.owner.query(`INSERT INTO worker_records (worker_id, name, hostname, version, seen_at) VALUES ($1, 'one', 'host', '1.0.0', now() - $2::interval)`, [id, seen])
  if (isAlive) await database.owner.query(`INSERT INTO workers (id, hostname, pid, version, queues, slots) VALUES ($1, 'host', 1, '1.0.0', '{}', 1)`, [id])
  return id
}
const columnOf = async (sql: string) => (await database.owner.query(sql)).rows.map(row => Object.values(row as object)[0] as string).sort()

describe('what stands beside the days of history', () => {
  it('falls with the jobs it tells of', async () => {
    const kept = oldId()
    await database.owner.query(`INSERT INTO jobs (id, organization_id, queue_name, state, payload, max_retries, timeout_seconds, created_at, updated_at)
      VALUES ($1, $2, 'mail', 'pending', '{}', 3, 300, now(), now())`, [kept, ORGANIZATION])
    await link(oldId())
    const links = [await link(kept), await link('7fffffff-ffff-7000-8000-000000000001')].sort()
    await record('400 days')
    const records = [await record('400 days', true), await record('1 day')].sort()
    await keepPartitions()
    expect(await columnOf('SELECT job_id FROM job_links')).toEqual(links)
    expect(await columnOf('SELECT worker_id FROM worker_records')).toEqual(records)
    expect(await columnOf(`SELECT worker_id FROM worker_records WHERE seen_at > now() - interval '1 minute'`)).toHaveLength(1)
  })
})
