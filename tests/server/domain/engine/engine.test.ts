import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import type * as Store from '#server/domain/engine/store.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { acceptJob as AcceptJob, NewJob } from '#server/domain/engine/accept-jobs.ts'

const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
const WORKER = randomUUID()
let database: TestDatabase
let store: typeof Store
let acceptJob: typeof AcceptJob
let closeDatabase: () => Promise<void>

// External jobs (no built-in type) keep the belt out of these tests: they are about the record alone.
const job = (more: Partial<NewJob> = {}): NewJob => ({ organizationId: ORGANIZATION, queueName: 'mail', jobType: null, payload: { n: 1 }, priority: 0, maxRetries: 1, timeoutSeconds: 60, ...more })
const row = async (id: string) => (await database.owner.query('select * from jobs where id = $1', [id])).rows[0] as Record<string, unknown>
const counts = async () => {
  const { rows } = await database.owner.query(`select state, sum(count)::int as count from (select state, count from job_counters union all select state, delta from job_counter_deltas) as parts where state <> 'created' group by 1 having sum(count) <> 0 order by 1`)
  return Object.fromEntries((rows as { state: string, count: number }[]).map(each => [each.state, each.count]))
}
const claimOne = async (id: string, worker = WORKER) => (await store.claimJobs([id], worker, 30))[0]!
const ended = (id: string, run: number, more: Partial<Store.FinishedRun> = {}): Store.FinishedRun => ({ id, run, state: 'completed', outcome: 'completed', result: '"done"', error: null, delayMs: 0, ...more })

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  store = await import('#server/domain/engine/store.ts')
  acceptJob = (await import('#server/domain/engine/accept-jobs.ts')).acceptJob
  closeDatabase = (await import('#server/infra/database.ts')).closeDatabase
})
beforeEach(async () => {
  await database.owner.query('truncate jobs, job_attempts, idempotency_keys, claims, job_counters, job_counter_deltas, job_minutes, control_leases')
})
afterAll(async () => {
  await closeDatabase?.()
  await database?.drop()
})

describe('accepting', () => {
  it('commits jobs that arrive together, each with its own id, and counts them', async () => {
    const accepted = await Promise.all(Array.from({ length: 50 }, () => acceptJob(job())))
    expect(new Set(accepted.map(each => each.id)).size).toBe(50)
    expect(accepted.every(each => each.created)).toBe(true)
    expect(await counts()).toEqual({ pending: 50 })
  })

  it('makes one job of a repeated idempotency key, in one flush and across flushes', async () => {
    const together = await Promise.all([1, 2, 3].map(() => acceptJob(job({ idempotencyKey: 'order-7' }))))
    const later = await acceptJob(job({ idempotencyKey: 'order-7' }))
    const ids = new Set([...together, later].map(each => each.id))
    expect(ids.size).toBe(1)
    expect([...together, later].filter(each => each.created)).toHaveLength(1)
    expect(await counts()).toEqual({ pending: 1 })
  })

  it('keeps the same key of two organizations apart', async () => {
    const [ours, theirs] = await Promise.all([acceptJob(job({ idempotencyKey: 'k' })), acceptJob(job({ idempotencyKey: 'k', organizationId: randomUUID() }))])
    expect(ours.created && theirs.created).toBe(true)
    expect(ours.id).not.toBe(theirs.id)
  })

  it('fails a row that PostgreSQL cannot hold alone, and keeps the others of its batch', async () => {
    const results = await Promise.allSettled([acceptJob(job()), acceptJob(job({ payload: { text: 'a\u0000b' } })), acceptJob(job()), acceptJob(job())])
    expect(results.map(each => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(await counts()).toEqual({ pending: 3 })
  })

  it('leaves a job for later scheduled, due at its time', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const { id } = await acceptJob(job({ scheduledAt: at }))
    expect(await row(id)).toMatchObject({ state: 'scheduled', due_at: new Date(at) })
  })
})

describe('claiming', () => {
  it('gives a job to one of two workers that ask at once, and raises its run', async () => {
    const { id } = await acceptJob(job())
    const [first, second] = await Promise.all([store.claimJobs([id], WORKER, 30), store.claimJobs([id], randomUUID(), 30)])
    expect(first.length + second.length).toBe(1)
    expect(await row(id)).toMatchObject({ state: 'running', run: 1 })
    expect(await counts()).toEqual({ running: 1 })
  })

  it('drops ids that are unknown or no longer pending', async () => {
    const { id } = await acceptJob(job())
    await claimOne(id)
    expect(await store.claimJobs([id, randomUUID()], WORKER, 30)).toEqual([])
    expect((await database.owner.query('select * from claims')).rows).toHaveLength(1)
  })
})

describe('finishing', () => {
  it('accepts one result per run: the second, and one of an older run, change nothing', async () => {
    const { id } = await acceptJob(job())
    const claimed = await claimOne(id)
    expect(await store.finishRuns([ended(id, 1)], [claimed.claimId])).toHaveLength(1)
    expect(await store.finishRuns([ended(id, 1, { result: '"again"' })], [])).toEqual([])
    expect(await row(id)).toMatchObject({ state: 'completed', result: 'done' })
    expect(await counts()).toEqual({ completed: 1 })
    expect((await database.owner.query('select * from claims')).rows).toEqual([])
  })

  it('writes an attempt for a run that failed, none for one that completed', async () => {
    const { id } = await acceptJob(job())
    await claimOne(id)
    await store.finishRuns([ended(id, 1, { state: 'retrying', outcome: 'failed', error: 'HTTP 503', result: null, delayMs: 0 })], [])
    expect(await row(id)).toMatchObject({ state: 'retrying', failures: 1, last_error: 'HTTP 503' })
    await store.dispatchDue([], 10)
    await claimOne(id)
    await store.finishRuns([ended(id, 2)], [])
    const { rows } = await database.owner.query('select run, outcome, error from job_attempts where job_id = $1', [id])
    expect(rows).toEqual([{ run: 1, outcome: 'failed', error: 'HTTP 503' }])
    expect(await row(id)).toMatchObject({ state: 'completed', run: 2, failures: 1 })
  })
})

describe('recovering', () => {
  it('takes the jobs of a claim that ran out back, and refuses the late result of the lost run', async () => {
    const { id } = await acceptJob(job())
    await claimOne(id)
    await database.owner.query(`update claims set expires_at = now() - interval '1 second'`)
    expect(await store.reapClaims(3)).toMatchObject([{ id, state: 'pending' }])
    expect(await row(id)).toMatchObject({ state: 'pending', crashes: 1, failures: 0 })
    expect(await store.finishRuns([ended(id, 1)], [])).toEqual([])
    expect(await counts()).toEqual({ pending: 1 })
  })

  it('leaves a claim alone that its worker holds, and takes one that a living worker does not know of', async () => {
    const [{ id: held }, { id: unknown }] = [await acceptJob(job()), await acceptJob(job())]
    const { claimId } = await claimOne(held)
    await claimOne(unknown)
    await database.owner.query(`update claims set expires_at = now() - interval '1 second'`)
    await store.beat({ id: WORKER, hostname: 'here', pid: 1, version: '1', queues: [], slots: 1, running: 1 }, { leaseSeconds: 8, held: [claimId], released: [] })
    expect(await store.reapClaims(3)).toMatchObject([{ id: unknown }])
    expect(await row(held)).toMatchObject({ state: 'running' })
  })

  it('lets go of the claims that a worker has released', async () => {
    const { claimId } = await claimOne((await acceptJob(job())).id)
    await store.beat({ id: WORKER, hostname: 'here', pid: 1, version: '1', queues: [], slots: 1, running: 0 }, { leaseSeconds: 8, held: [], released: [claimId] })
    expect((await database.owner.query('select * from claims')).rows).toEqual([])
  })

  it('sends a job that lost three workers to the dead letter', async () => {
    const { id } = await acceptJob(job())
    for (let lost = 0; lost < 3; lost++) {
      await claimOne(id)
      await database.owner.query(`update claims set expires_at = now() - interval '1 second'`)
      await store.reapClaims(3)
    }
    expect(await row(id)).toMatchObject({ state: 'failed', crashes: 3 })
    expect(await counts()).toEqual({ failed: 1 })
  })

  it('sends stamped rows of a lane again whose hints were lost, but not those just stamped', async () => {
    const { id } = await acceptJob(job({ jobType: 'random-text', scheduledAt: new Date(Date.now() + 60_000).toISOString() }))
    await database.owner.query(`update jobs set state = 'pending', due_at = null, dispatched_at = now() - interval '10 seconds' where id = $1`, [id])
    expect(await store.restampLane('random-text', 60)).toBe(0)
    expect(await store.restampLane('random-text', 5)).toBe(1)
    expect(await store.dispatchDue(['random-text'], 10)).toMatchObject([{ id, from_state: 'pending' }])
  })
})

describe('dispatching', () => {
  it('moves what is due, once, and leaves lanes without room and what is not due yet', async () => {
    const due = await acceptJob(job({ jobType: 'random-text', scheduledAt: new Date(Date.now() + 40).toISOString() }))
    await acceptJob(job({ scheduledAt: new Date(Date.now() + 60_000).toISOString() }))
    await new Promise(resolve => setTimeout(resolve, 80))
    expect(await store.dispatchDue([], 10)).toEqual([])
    const [once, twice] = [await store.dispatchDue(['random-text'], 10), await store.dispatchDue(['random-text'], 10)]
    expect(once).toMatchObject([{ id: due.id, from_state: 'scheduled', state: 'pending' }])
    expect(twice).toEqual([])
    expect(await counts()).toEqual({ pending: 1, scheduled: 1 })
  })
})

describe('the counters', () => {
  it('say the same before and after they are rolled up, and as the rows do', async () => {
    const accepted = await Promise.all(Array.from({ length: 9 }, () => acceptJob(job())))
    for (const { id } of accepted.slice(0, 4)) {
      const claimed = await claimOne(id)
      await store.finishRuns([ended(id, 1)], [claimed.claimId])
    }
    const before = await counts()
    expect(before).toEqual({ pending: 5, completed: 4 })
    while (await store.rollUpCounters(3) === 3);
    expect(await counts()).toEqual(before)
    const { rows } = await database.owner.query(`select state, sum(entered)::int as entered from job_minutes group by 1 order by 1`)
    expect(rows).toEqual([{ state: 'completed', entered: 4 }, { state: 'created', entered: 9 }, { state: 'pending', entered: 9 }, { state: 'running', entered: 4 }])
  })
})

describe('the lease of a control loop', () => {
  it('is held by one, prolonged by its holder, and taken over when it ends', async () => {
    const [one, other] = [randomUUID(), randomUUID()]
    expect(await store.holdLease('loop', one, 5)).toBe(true)
    expect(await store.holdLease('loop', other, 5)).toBe(false)
    expect(await store.holdLease('loop', one, 0.01)).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(await store.holdLease('loop', other, 5)).toBe(true)
    expect(await store.holdLease('loop', one, 5)).toBe(false)
  })
})

describe('running an envelope', () => {
  const run = async (ids: string[], outcomeOf: (id: string) => Outcome) => {
    const { runEnvelope } = await import('#server/domain/engine/run-envelope.ts')
    await runEnvelope({ ids, workerId: WORKER, run: async claimed => outcomeOf(claimed.id), onRunning: () => {} })
  }

  it('ends each job by its own outcome: one that fails harms no other', async () => {
    const [good, bad, late] = await Promise.all([acceptJob(job()), acceptJob(job({ maxRetries: 0 })), acceptJob(job())])
    await run([good.id, bad.id, late.id], id => id === bad.id ? { kind: 'fail', error: 'boom' } : id === late.id ? { kind: 'snooze', delayMs: 60_000 } : { kind: 'ok', result: { n: 1 } })
    expect(await row(good.id)).toMatchObject({ state: 'completed', result: { n: 1 } })
    expect(await row(bad.id)).toMatchObject({ state: 'failed', last_error: 'boom', failures: 1 })
    expect(await row(late.id)).toMatchObject({ state: 'scheduled', snoozes: 1, failures: 0 })
  })

  it('runs a job once that stands in two envelopes at the same time', async () => {
    const { id } = await acceptJob(job())
    let runs = 0
    await Promise.all([run([id], () => { runs++; return { kind: 'ok', result: null } }), run([id, id], () => { runs++; return { kind: 'ok', result: null } })])
    expect(runs).toBe(1)
    expect(await row(id)).toMatchObject({ state: 'completed', run: 1 })
  })

  it('gives up the claim of a job whose end cannot be written, so that the job runs again', async () => {
    const { heldClaims } = await import('#server/domain/engine/held-claims.ts')
    const [{ id }, { id: neighbour }] = await Promise.all([acceptJob(job()), acceptJob(job())])
    await database.owner.query(`alter table jobs add constraint refuse check (result is null or result <> '"refuse me"')`)
    try {
      await run([id, neighbour], each => ({ kind: 'ok', result: each === id ? 'refuse me' : 'fine' }))
    }
    finally {
      await database.owner.query('alter table jobs drop constraint refuse')
    }
    expect(heldClaims()).toEqual([])
    expect(await row(neighbour)).toMatchObject({ state: 'completed', result: 'fine' })
    await database.owner.query(`update claims set expires_at = now() - interval '1 second'`)
    expect(await store.reapClaims(3)).toMatchObject([{ id, state: 'pending' }])
  })

  it('refuses a result that PostgreSQL cannot hold as a failure of that job, with the reason', async () => {
    const { id } = await acceptJob(job({ maxRetries: 5 }))
    await run([id], () => ({ kind: 'ok', result: 'a\u0000b' }))
    expect(await row(id)).toMatchObject({ state: 'failed', last_error: expect.stringContaining('U+0000') })
  })
})
