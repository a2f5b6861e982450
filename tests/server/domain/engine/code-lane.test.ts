/** What the login of the code workers can do, and all it cannot: real SQL under its name. */
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import type { WorkerRow } from '#server/domain/engine/worker-rows.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
let database: TestDatabase
let code: pg.Client
let store: typeof import('#server/domain/engine/store.ts')
let workers: typeof import('#server/domain/engine/worker-rows.ts')
let room: typeof import('#server/domain/engine/waiting-room.ts')
let gated: typeof import('#server/domain/engine/dispatch-gated.ts')
let times: typeof import('#server/domain/engine/sql/times.ts')
let closeDatabase: () => Promise<void>
const worker: WorkerRow = {
  id: randomUUID(), hostname: 'here', pid: 1, version: '1', queues: ['code-execution'], slots: 3, running: 0, name: 'coder', status: 'running', handlerMs: { 'code-execution': 12.5 },
  jobIds: [], memory: { rssBytes: 1, heapBytes: 1 },
}

const rows = async <T>(sql: string, values: unknown[] = []): Promise<T[]> => (await database.owner.query(sql, values)).rows as T[]
const jobOf = async (id: string) => (await rows<Record<string, unknown>>('select * from jobs where id = $1', [id]))[0]!

/** A job that was sent to its lane. */
async function makeJob(type: string, more: Record<string, unknown> = {}): Promise<string> {
  const id = uuidv7()
  const row = { id, organization_id: ORGANIZATION, queue_name: type, job_type: type, state: 'pending', payload: '{"n":1}', max_retries: 3, timeout_seconds: 60, ...more }
  const names = Object.keys(row)
  await database.owner.query(`insert into jobs (${names.join()}, dispatched_at, created_at, updated_at) values (${names.map((_, n) => `$${n + 1}`).join()}, now(), now(), now())`, Object.values(row))
  return id
}
const beatAs = (id: string) => code.query(`select * from bespin_code_heartbeat($1, '', 1, '', '{random-text}', 1, 0, '', 'running', '{}', '{}', 8, '{}', '{}', 0, 0, null)`, [id])

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_CODE_URL: database.codeUrl, DATABASE_APP_URL: '', DATABASE_ENGINE_URL: '', DATABASE_URL: '', REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  store = await import('#server/domain/engine/store.ts')
  workers = await import('#server/domain/engine/worker-rows.ts')
  room = await import('#server/domain/engine/waiting-room.ts')
  gated = await import('#server/domain/engine/dispatch-gated.ts')
  times = await import('#server/domain/engine/sql/times.ts')
  closeDatabase = (await import('#server/infra/database.ts')).closeDatabase
  code = new pg.Client({ connectionString: database.codeUrl })
  await code.connect()
  await workers.beat(worker, { leaseSeconds: 8, held: [], released: [] })
})
afterAll(async () => {
  await code?.end()
  await closeDatabase?.()
  await database?.drop()
})

describe('the login of the code workers, at its work', () => {
  it('claims an execution, tells its progress, keeps its lines and completes it', async () => {
    const id = await makeJob('code-execution')
    const [job, ...others] = await store.claimJobs([id], worker.id, 8)
    expect(others).toEqual([])
    expect(job).toMatchObject({ id, jobType: 'code-execution', run: 1, payload: { n: 1 }, plain: true, backoff: null, waitMs: expect.any(Number) })
    expect(await jobOf(id)).toMatchObject({ state: 'running', worker_id: worker.id })
    await store.saveProgress(id, 1, 0.5)
    await store.insertLogs([{ jobId: id, run: 1, line: 1, organizationId: ORGANIZATION, at: new Date(), text: 'hello' }])
    expect((await jobOf(id)).progress).toBe(0.5)
    const run = { id, run: 1, state: 'completed' as const, outcome: 'completed' as const, result: '{"exit_code":3}', error: null, delayMs: 0, plain: true }
    expect(await store.completeRuns([run], [job!.claimId])).toEqual(new Set([id]))
    expect(await jobOf(id)).toMatchObject({ state: 'completed', result: { exit_code: 3 } })
    expect(await rows('select text from job_logs where job_id = $1', [id])).toEqual([{ text: 'hello' }])
    expect(await rows('select 1 from claims where id = $1', [job!.claimId])).toEqual([])
  })

  it('ends one that failed, with its attempt and its counters, and completes one that held a key', async () => {
    const [id, keyed] = [await makeJob('code-execution'), await makeJob('code-execution', { gated: true, concurrency_key: 'k' })]
    await database.owner.query(`insert into job_slots (organization_id, queue_name, kind, key, slot, job_id) values ($1, 'code-execution', 'concurrency', 'k', 1, $2)`, [ORGANIZATION, keyed])
    const claimed = await store.claimJobs([id, keyed], worker.id, 8)
    expect(claimed.map(job => job.id).toSorted()).toEqual([id, keyed].toSorted())
    const ended = await store.endRuns([{ id, run: 1, state: 'retrying', outcome: 'failed', result: null, error: 'the sandbox broke', delayMs: 1000 }], [])
    expect(ended.get(id)).toMatchObject({ state: 'retrying', run: 1, updated_at: expect.any(Date), gated: false })
    expect(await rows('select outcome, error from job_attempts where job_id = $1', [id])).toEqual([{ outcome: 'failed', error: 'the sandbox broke' }])
    expect(await store.completeRuns([{ id: keyed, run: 1, state: 'completed', outcome: 'completed', result: '1', error: null, delayMs: 0 }], [claimed[0]!.claimId])).toEqual(new Set([keyed]))
    expect(await rows('select 1 from job_slots where job_id = $1', [keyed])).toEqual([])
  })

  it('lives by its heartbeat, hears who is to stop, and leaves', async () => {
    const [job, id] = [uuidv7(), randomUUID()]
    const runner = { ok: true, note: 'proven' } as never
    await database.owner.query('insert into cancel_requests (job_id, worker_id) values ($1, $2)', [job, id])
    expect(await workers.beat({ ...worker, id, runner }, { leaseSeconds: 8, held: [], released: [] })).toEqual({ cancels: [job], drain: false })
    expect(await rows('select name, queues, runner from workers where id = $1', [id])).toEqual([{ name: 'coder', queues: ['code-execution'], runner: { ok: true, note: 'proven' } }])
    await workers.beat({ ...worker, id, runner: null }, { leaseSeconds: 8, held: [], released: [] })
    expect(await rows('select runner from workers where id = $1', [id])).toEqual([{ runner: null }])
    await workers.removeWorker(id)
    expect(await rows('select 1 from workers where id = $1', [id])).toEqual([])
  })

  it('hands hints back, lets on who waits for its key, and adds up times', async () => {
    const id = await makeJob('code-execution')
    await room.returnToWaiting([id])
    expect(await rows('select lane, ready from due_jobs where job_id = $1', [id])).toEqual([{ lane: 'code-execution', ready: true }])
    const waiting = await makeJob('code-execution')
    await database.owner.query(`insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, waits_for, concurrency_key)
      values ($1, $2, 'code-execution', 'code-execution', 0, false, true, 'concurrency:z', 'z')`, [waiting, ORGANIZATION])
    await gated.unparkFirst([{ organization_id: ORGANIZATION, queue_name: 'code-execution', waits_for: 'concurrency:z' }])
    expect(await rows('select ready from due_jobs where job_id = $1', [waiting])).toEqual([{ ready: true }])
    await times.addTimes([{ organizationId: ORGANIZATION, queueName: 'code-execution', jobType: 'code-execution', kind: 'run', bucket: 3, count: 2 }])
    expect(await rows('select count::int from job_time_minutes where bucket = 3')).toEqual([{ count: 2 }])
    await store.bounceJobs([await makeJob('code-execution')])
  })
})

describe('the login of the code workers, out of bounds', () => {
  it.each(['jobs', 'job_attempts', 'job_logs', 'organizations', 'receipts', 'receipt_keys', 'workers', 'claims', 'queues', 'events', 'saved_views', 'cancel_requests', 'idempotency_keys'])('cannot read %s', async (table) => {
    await expect(code.query(`select * from ${table}`)).rejects.toThrow(/permission denied/)
  })

  it('can write no table, make none, and call no other function of ours', async () => {
    const tables = await rows<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public'`)
    expect(tables.length).toBeGreaterThan(20)
    for (const { name } of tables) await expect(code.query(`delete from ${name}`), name).rejects.toThrow(/permission denied/)
    await expect(code.query('create table mine (a int)')).rejects.toThrow(/permission denied/)
    const callable = await rows<{ name: string }>(`select proname as name from pg_proc join pg_namespace n on n.oid = pronamespace
      where nspname = 'public' and has_function_privilege('bespin_code', pg_proc.oid, 'execute') and prosecdef`)
    expect(callable.filter(({ name }) => !name.startsWith('bespin_code_'))).toEqual([])
    await expect(code.query('set role bespin_engine')).rejects.toThrow(/permission denied/)
  })

  it('gets nothing when it claims a job of another type by its id', async () => {
    const other = await makeJob('random-text')
    expect(await store.claimJobs([other], worker.id, 8)).toEqual([])
    expect(await jobOf(other)).toMatchObject({ state: 'pending', run: 0 })
  })

  it('changes nothing when it ends one, alone or among its own', async () => {
    const others = await Promise.all(['random-text', 'drill'].map(type => makeJob(type, { state: 'running', run: 1, worker_id: worker.id })))
    const own = await makeJob('code-execution', { state: 'running', run: 1, worker_id: worker.id })
    const ends = [...others, own].map(id => ({ id, run: 1, state: 'completed' as const, outcome: 'completed' as const, result: `"${id}"`, error: null, delayMs: 0 }))
    expect(await store.completeRuns(ends.map(end => ({ ...end, plain: true })), [])).toEqual(new Set([own]))
    expect(await jobOf(own)).toMatchObject({ result: own })
    expect(await store.completeRuns(ends, [])).toEqual(new Set())
    expect((await store.endRuns(ends.map(end => ({ ...end, state: 'failed' as const, outcome: 'failed' as const })), [])).size).toBe(0)
    for (const id of others) expect(await jobOf(id)).toMatchObject({ state: 'running', result: null })
  })

  it('moves no hint, slot, key, progress, line or time of another lane', async () => {
    const other = await makeJob('random-text', { gated: true })
    await room.returnToWaiting([other])
    expect((await jobOf(other)).dispatched_at).not.toBeNull()
    await database.owner.query(`insert into job_slots (organization_id, queue_name, kind, key, slot, job_id) values ($1, 'random-text', 'concurrency', 'mine', 1, $2)`, [ORGANIZATION, other])
    await gated.freeSlots([other])
    expect(await rows('select key from job_slots where job_id = $1', [other])).toEqual([{ key: 'mine' }])
    await database.owner.query(`insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, waits_for) values ($1, $2, 'random-text', 'random-text', 0, false, true, 'concurrency:mine')`, [other, ORGANIZATION])
    await gated.unparkFirst([{ organization_id: ORGANIZATION, queue_name: 'random-text', waits_for: 'concurrency:mine' }])
    expect(await rows('select ready from due_jobs where job_id = $1', [other])).toEqual([{ ready: false }])
    await database.owner.query(`update jobs set state = 'running', run = 1 where id = $1`, [other])
    await store.saveProgress(other, 1, 0.9)
    expect((await jobOf(other)).progress).toBe(0)
    await store.insertLogs([{ jobId: other, run: 1, line: 1, organizationId: ORGANIZATION, at: new Date(), text: 'forged' }])
    expect(await rows('select 1 from job_logs where job_id = $1', [other])).toEqual([])
    await times.addTimes([{ organizationId: ORGANIZATION, queueName: 'q', jobType: 'random-text', kind: 'run', bucket: 9, count: 2 }])
    expect(await rows('select job_type from job_time_minutes where bucket = 9')).toEqual([{ job_type: 'code-execution' }])
  })

  it('writes no line under another organization, not even for an execution', async () => {
    const own = await makeJob('code-execution', { state: 'running', run: 1 })
    await store.insertLogs([{ jobId: own, run: 1, line: 1, organizationId: randomUUID(), at: new Date(), text: 'forged' }])
    expect(await rows('select 1 from job_logs where job_id = $1', [own])).toEqual([])
  })

  it('cannot pass for another worker, nor let go of what that holds', async () => {
    const ordinary = randomUUID()
    await database.owner.query(`insert into workers (id, hostname, pid, version, queues, slots) values ($1, 'there', 1, '1', '{random-text,drill}', 10)`, [ordinary])
    const [claim] = await rows<{ id: string }>(`insert into claims (worker_id, job_ids, runs, expires_at) values ($1, '{}', '{}', now() + interval '8 s') returning id`, [ordinary])
    await expect(beatAs(ordinary)).rejects.toThrow(/not of the code lane/)
    await workers.removeWorker(ordinary)
    const id = await makeJob('code-execution')
    expect(await store.claimJobs([id], ordinary, 8)).toEqual([])
    await store.completeRuns([{ id, run: 1, state: 'completed', outcome: 'completed', result: '1', error: null, delayMs: 0 }], [claim!.id])
    await workers.beat(worker, { leaseSeconds: 8, held: [], released: [claim!.id] })
    expect(await rows('select queues from workers where id = $1', [ordinary])).toEqual([{ queues: ['random-text', 'drill'] }])
    expect(await rows('select 1 from claims where id = $1', [claim!.id])).toHaveLength(1)
  })

  it('is of the code lane whatever it says', async () => {
    const id = randomUUID()
    await beatAs(id)
    expect(await rows('select queues from workers where id = $1', [id])).toEqual([{ queues: ['code-execution'] }])
  })
})
