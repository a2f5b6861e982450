import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { listJobs as ListJobs } from '#server/domain/jobs/list-jobs.ts'
import { ListJobsQuery } from '#shared/schemas/job.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
let database: TestDatabase
let list: (query: Record<string, unknown>) => ReturnType<typeof ListJobs>
let close: () => Promise<void>

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  const { listJobs } = await import('#server/domain/jobs/list-jobs.ts')
  close = (await import('#server/infra/database.ts')).closeDatabase
  list = query => listJobs(ORGANIZATION, ListJobsQuery.parse(query))
  // Job n has the nth lowest id; the five oldest carry the tag.
  await database.owner.query(`INSERT INTO jobs (id, organization_id, queue_name, state, payload, tags, max_retries, timeout_seconds, created_at, updated_at)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, 'mail', 'completed', '{}', CASE WHEN n <= 5 THEN '{"rare":true}'::jsonb END, 3, 300, now(), now() FROM generate_series(1, 25000) AS n`, [ORGANIZATION])
})
afterAll(async () => {
  await close?.()
  await database?.drop()
})

describe('looking for a tag', () => {
  it('looks through 20,000 jobs at a time, and its cursor goes on behind them', async () => {
    const first = await list({ tag: 'rare' })
    expect(first.rows).toEqual([])
    expect(first.nextCursor).not.toBeNull()
    const second = await list({ tag: 'rare', cursor: first.nextCursor, limit: 3 })
    expect(second.rows.map(row => Number(`0x${row.id.slice(-4)}`))).toEqual([5, 4, 3])
    const third = await list({ tag: 'rare', cursor: second.nextCursor, limit: 3 })
    expect(third.rows.map(row => Number(`0x${row.id.slice(-4)}`))).toEqual([2, 1])
    expect(third.nextCursor).toBeNull()
  })

  it('meets every job once on the way', async () => {
    const seen: string[] = []
    let cursor: string | null | undefined
    for (let pages = 0; cursor !== null && pages < 50; pages++) {
      const page = await list({ tag: 'rare:true', limit: 2, ...(cursor && { cursor }) })
      seen.push(...page.rows.map(row => row.id))
      cursor = page.nextCursor
    }
    expect(seen).toHaveLength(5)
    expect(new Set(seen).size).toBe(5)
  })
})
