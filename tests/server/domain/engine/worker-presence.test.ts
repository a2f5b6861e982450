import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { until } from '../../../support/until.ts'
import type * as HeldClaims from '#server/domain/engine/held-claims.ts'
import type { WorkerRow } from '#server/domain/engine/worker-rows.ts'
import type { keepPresence as KeepPresence } from '#server/domain/engine/worker-presence.ts'

let database: TestDatabase
let claims: typeof HeldClaims
let keepPresence: typeof KeepPresence
let closeDatabase: () => Promise<void>

const worker = (): WorkerRow => ({
  id: randomUUID(), hostname: 'here', pid: 1, version: '1', queues: ['drill'], slots: 10, running: 0, name: 'one', status: 'running', handlerMs: { drill: 1.5 }, jobIds: [], memory: { rssBytes: 1, heapBytes: 1 },
})
const makeClaim = async (workerId: string, secondsLeft: number) => {
  const { rows } = await database.owner.query(`insert into claims (worker_id, job_ids, runs, expires_at)
    values ($1, '{}', '{}', now() + make_interval(secs => $2)) returning id`, [workerId, secondsLeft])
  return (rows as { id: string }[])[0]!.id
}
const isThere = async (claimId: string) => (await database.owner.query('select from claims where id = $1', [claimId])).rowCount === 1
const secondsLeft = async (claimId: string) => {
  const { rows } = await database.owner.query('select extract(epoch from expires_at - now())::float8 as left from claims where id = $1', [claimId])
  return (rows as { left: number }[])[0]!.left
}

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  claims = await import('#server/domain/engine/held-claims.ts')
  keepPresence = (await import('#server/domain/engine/worker-presence.ts')).keepPresence
  closeDatabase = (await import('#server/infra/database.ts')).closeDatabase
  // When each heartbeat was written.
  await database.owner.query(`create table beats (at timestamptz not null default clock_timestamp());
    create function note_beat() returns trigger language plpgsql security definer as 'begin insert into public.beats default values; return null; end';
    create trigger note_beat after update on workers for each row execute function note_beat()`)
})
afterAll(async () => {
  await closeDatabase?.()
  await database?.drop()
})

describe('the presence of a worker', () => {
  it('is there after the first heartbeat, as the worker describes itself, and gone when it ends', async () => {
    const row = worker()
    const end = await keepPresence({ describe: () => row, onCancel: () => {} })
    const { rows } = await database.owner.query('select name, status, handler_ms from workers where id = $1', [row.id])
    expect(rows).toEqual([{ name: 'one', status: 'running', handler_ms: { drill: 1.5 } }])
    row.status = 'draining'
    await until(async () => (await database.owner.query(`select from workers where id = $1 and status = 'draining'`, [row.id])).rowCount === 1, { what: 'the new status' })
    await end()
    expect((await database.owner.query('select from workers where id = $1', [row.id])).rowCount).toBe(0)
  })

  it('keeps the lease of a claim made just before its event loop is held up, for as long as that takes', async () => {
    const row = worker()
    const end = await keepPresence({ describe: () => row, onCancel: () => {} })
    const claim = await makeClaim(row.id, 1)
    claims.holdClaim(claim, [{ id: randomUUID(), run: 1 }])
    const from = performance.now()
    while (performance.now() - from < 2500);
    const { rows } = await database.owner.query(`select count(*)::int as beats from beats where at between clock_timestamp() - interval '2200 milliseconds' and clock_timestamp() - interval '300 milliseconds'`)
    expect((rows as { beats: number }[])[0]!.beats).toBeGreaterThan(0)
    expect(await secondsLeft(claim)).toBeGreaterThan(4)
    claims.abandonClaim(claim)
    await end()
  }, 30_000)

  it('leaves a claim that was given up to run out, and deletes the released ones', async () => {
    const row = worker()
    const end = await keepPresence({ describe: () => row, onCancel: () => {} })
    const [given, released] = [await makeClaim(row.id, 60), await makeClaim(row.id, 60)]
    claims.holdClaim(given, [{ id: randomUUID(), run: 1 }])
    claims.holdClaim(released, [{ id: randomUUID(), run: 1 }])
    await until(async () => await secondsLeft(given) < 10, { what: 'the claim being held by heartbeats' })
    claims.abandonClaim(given)
    claims.endJobOf(released)
    await until(async () => !(await isThere(released)), { what: 'the released claim being gone' })
    await until(async () => await secondsLeft(given) < 6.5, { what: 'the lease running out' })
    await end()
  })

  it('tells which jobs are to stop, again and again', async () => {
    const row = worker()
    const job = randomUUID()
    let told = 0
    const end = await keepPresence({ describe: () => row, onCancel: (ids) => { if (ids.includes(job)) told++ } })
    await database.owner.query('insert into cancel_requests (job_id, worker_id) values ($1, $2)', [job, row.id])
    await until(() => told >= 2, { what: 'the wish to stop being told twice' })
    await end()
  })

  it('cancels a job itself whose processor holds up the event loop, and no other', async () => {
    const row = worker()
    const end = await keepPresence({ describe: () => row, onCancel: () => {} })
    const [wanted, other] = [uuidv7(), uuidv7()]
    await database.owner.query(`insert into jobs (id, organization_id, queue_name, job_type, state, payload, run, worker_id, max_retries, timeout_seconds, created_at, started_at, updated_at)
      select unnest($1::uuid[]), '00000000-0000-7000-8000-000000000001', 'drill', 'drill', 'running', '{}', 3, $2, 3, 60, now(), now(), now()`, [[wanted, other], row.id])
    claims.holdClaim(await makeClaim(row.id, 60), [{ id: wanted, run: 3 }, { id: other, run: 3 }])
    await database.owner.query('insert into cancel_requests (job_id, worker_id) values ($1, $2)', [wanted, row.id])
    const from = performance.now()
    while (performance.now() - from < 3500);
    const { rows } = await database.owner.query('select id, state, last_error from jobs where id = any($1) order by id', [[wanted, other]])
    expect(rows).toEqual([{ id: wanted, state: 'cancelled', last_error: 'Cancelled on request.' }, { id: other, state: 'running', last_error: null }])
    await end()
  }, 30_000)

  it('cannot begin without the database', async () => {
    await database.owner.query('alter table workers rename to hidden_workers')
    try {
      await expect(keepPresence({ describe: worker, onCancel: () => {} })).rejects.toThrow(/workers/)
    }
    finally {
      await database.owner.query('alter table hidden_workers rename to workers')
    }
  })
})
