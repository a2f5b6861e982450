import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimedJob } from '../../../factories/claimed-job.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import type * as Lines from '#server/domain/engine/write-log-lines.ts'

let database: TestDatabase
let lines: typeof Lines
let closeDatabase: () => Promise<void>
const written = async (jobId: string) => (await database.owner.query('select line, text from job_logs where job_id = $1 order by line', [jobId])).rows as { line: number, text: string }[]

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  lines = await import('#server/domain/engine/write-log-lines.ts')
  closeDatabase = (await import('#server/infra/database.ts')).closeDatabase
})
afterAll(async () => {
  await closeDatabase?.()
  await database?.drop()
})

describe('the log of a run', () => {
  it('keeps its lines in order, and has written them when it says so', async () => {
    const [one, two] = [claimedJob(), claimedJob()]
    const logs = [lines.openRunLog(one), lines.openRunLog(two)]
    logs[0]!.add('first')
    logs[1]!.add('of another')
    logs[0]!.add('second')
    await Promise.all(logs.map(log => log.written()))
    expect(await written(one.id)).toEqual([{ line: 1, text: 'first' }, { line: 2, text: 'second' }])
    expect(await written(two.id)).toEqual([{ line: 1, text: 'of another' }])
  })

  it('is cut after a thousand lines, with a line that says so', async () => {
    const job = claimedJob()
    const log = lines.openRunLog(job)
    for (let n = 1; n <= 1500; n++) log.add(`line ${n}`)
    await log.written()
    const kept = await written(job.id)
    expect(kept).toHaveLength(1001)
    expect(kept[999]!.text).toBe('line 1000')
    expect(kept[1000]!.text).toMatch(/More than 1000 lines/)
  })

  it('cuts a line at 8 KiB, never in the middle of a character', async () => {
    const job = claimedJob()
    const log = lines.openRunLog(job)
    log.add('x'.repeat(8192))
    log.add('€'.repeat(10_000))
    await log.written()
    const [whole, long] = await written(job.id)
    expect(whole!.text).toBe('x'.repeat(8192))
    expect(Buffer.byteLength(long!.text)).toBeLessThanOrEqual(8192)
    expect(long!.text).toMatch(/^€+ \[cut\]$/)
  })

  it('holds what PostgreSQL cannot hold as a sign in its place', async () => {
    const job = claimedJob()
    const log = lines.openRunLog(job)
    log.add('a\0b\uD800c')
    await log.written()
    expect(await written(job.id)).toEqual([{ line: 1, text: 'a\uFFFDb\uFFFDc' }])
  })

  it('loses a line that is refused alone', async () => {
    const [bad, good] = [claimedJob({ organizationId: 'no uuid' }), claimedJob()]
    const logs = [lines.openRunLog(bad), lines.openRunLog(good)]
    for (const log of logs) log.add('hello')
    await Promise.all(logs.map(log => log.written()))
    expect(await written(good.id)).toHaveLength(1)
    expect(await written(bad.id)).toEqual([])
  })
})
