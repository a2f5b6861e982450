import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobCondition } from '#server/domain/jobs/job-condition.ts'
import type { listJobs as ListJobs } from '#server/domain/jobs/list-jobs.ts'
import type { searchJobs as SearchJobs } from '#server/domain/jobs/search-jobs.ts'
import { ListJobsQuery } from '#shared/schemas/job.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
let database: TestDatabase
let list: (query: Record<string, unknown>) => ReturnType<typeof ListJobs>
let search: typeof SearchJobs
let indexHistory: () => Promise<void>
let close: () => Promise<void>

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  const { listJobs } = await import('#server/domain/jobs/list-jobs.ts')
  search = (await import('#server/domain/jobs/search-jobs.ts')).searchJobs
  indexHistory = (await import('#server/domain/engine/keep-history.ts')).indexHistory
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

/** Pages of a search that looks at 5,000 jobs at a time, up to its end. */
async function pagesOf(q: string, take: number) {
  const pages: { ids: number[], looked: number }[] = []
  for (let before: string | undefined; pages.length < 50;) {
    const { ids, looked, lookedUntil } = await search(ORGANIZATION, jobCondition({ q }), { before, take, most: 5000 })
    pages.push({ ids: ids.map(id => Number(`0x${id.slice(-4)}`)), looked })
    if (lookedUntil === null) return pages
    before = ids.length === take ? ids.at(-1) : lookedUntil
  }
  throw new Error('a search without an end')
}

describe('looking for what no index knows', () => {
  it('looks through a bounded number of jobs at a time, and goes on behind them', async () => {
    const pages = await pagesOf('tag:rare', 10)
    expect(pages.map(page => page.ids)).toEqual([[], [], [], [], [5, 4, 3, 2, 1], []])
    expect(pages.every(page => page.looked <= 5000)).toBe(true)
  })

  it('meets every job once on the way, however short the pages are', async () => {
    const seen = (await pagesOf('tag.rare:true', 2)).flatMap(page => page.ids)
    expect(seen).toEqual([5, 4, 3, 2, 1])
  })

  it('says what it looked at one by one, and ends when there is nothing older', async () => {
    const page = await list({ q: 'payload.user:nobody queue:mail' })
    expect(page).toMatchObject({ rows: [], nextCursor: null, scans: ['payload.user', 'queue'], looked: 25_000, lookedUntil: null })
  })

  it('combines with the other filters, and with a tag of the older kind', async () => {
    expect((await list({ q: 'tag:rare', queue_name: 'mail', state: 'completed' })).rows).toHaveLength(5)
    expect((await list({ q: 'tag:rare', queue_name: 'other' })).rows).toEqual([])
    expect((await list({ q: '-type:*', tag: 'rare:true', offset: '3' })).rows.map(row => Number(`0x${row.id.slice(-4)}`))).toEqual([2, 1])
    expect((await list({ q: 'tag:rare', tag: 'rare:false' })).rows).toEqual([])
  })

  it('looks at no other job when an id is searched for', async () => {
    const id = '00000000-0000-7000-8000-000000000007'
    expect(await list({ q: id })).toMatchObject({ rows: [{ id }], scans: [], looked: 0 })
  })
})

describe('a day that is over', () => {
  const past = (n: number) => new Date(Date.now() - n * 86_400_000).toISOString().slice(0, 10)
  beforeAll(async () => {
    for (const day of [past(3), past(2)]) {
      await database.owner.query(`DO $$ BEGIN EXECUTE format('CREATE TABLE %I PARTITION OF jobs FOR VALUES FROM (%L) TO (%L)', 'jobs_' || to_char(date '${day}', 'YYYYMMDD'), bespin_first_id('${day}T00:00:00Z'), bespin_first_id(timestamptz '${day}T00:00:00Z' + interval '1 day')); END $$`)
      await database.owner.query(`INSERT INTO jobs (id, organization_id, queue_name, state, payload, max_retries, timeout_seconds, created_at, updated_at)
        SELECT overlay(uuidv7_at::text placing lpad(to_hex(n), 4, '0') from 33)::uuid, CASE WHEN n % 10 = 9 THEN gen_random_uuid() ELSE $1::uuid END, 'mail', 'completed', jsonb_build_object('user', jsonb_build_object('id', n), 'third', n % 3 = 0), 3, 300, '${day}T12:00:00Z', now()
        FROM generate_series(1, 3000) AS n, LATERAL (SELECT bespin_first_id('${day}T12:00:00Z') AS uuidv7_at) AS made`, [ORGANIZATION])
    }
    await database.owner.query('ANALYZE jobs')
  })

  it('is searched by its index once it has one, and finds the same', async () => {
    const queries = ['payload.user.id:42', 'payload.third:true', 'payload.user.id:7,"8",2999', 'payload.third:true payload.user.id:300', 'payload.third:true -payload.user.id:300 queue:mail', 'payload.user.id:9']
    const all = (q: string) => pagesOf(q, 700).then(pages => ({ ids: pages.flatMap(page => page.ids), looked: pages.reduce((sum, page) => sum + page.looked, 0) }))
    const before = await Promise.all(queries.map(all))
    expect(before[0]!.ids).toEqual([42, 42])
    await indexHistory()
    await indexHistory()
    const after = await Promise.all(queries.map(all))
    expect(after.map(each => each.ids)).toEqual(before.map(each => each.ids))
    expect(before[0]!.looked - after[0]!.looked).toBe(2 * 2700)
  })

  it('gives its ids to their organization only, and only for names of days', async () => {
    const app = new pg.Pool({ connectionString: database.appUrl, max: 1 })
    const ids = async (organization: string, day = past(2).replaceAll('-', '')) => {
      await app.query(`select set_config('app.organization_id', $1, false)`, [organization])
      const { rows } = await app.query(`select bespin_jobs_of_days_containing($1::text[], '{payload}', array['{"user":{}}']::jsonb[], '{1}', $2::uuid, $3::uuid, 5000)`, [[day], '0'.repeat(32), 'f'.repeat(32)])
      return rows.length
    }
    expect(await ids(ORGANIZATION)).toBe(2700)
    expect(await ids('')).toBe(0)
    await expect(ids(ORGANIZATION, 'x; select 1')).rejects.toThrow('not days of jobs')
    await app.end()
  })
})
