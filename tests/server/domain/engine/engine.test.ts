import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { beat, claimOne, counts, ended, job, left, record, row, runOut, stamp, useRecord, WORKER } from './record.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'

useRecord()

describe('accepting', () => {
  it('commits jobs that arrive together, each with its own id, and counts them', async () => {
    const accepted = await Promise.all(Array.from({ length: 50 }, () => record.acceptJob(job())))
    expect(new Set(accepted.map(each => each.id)).size).toBe(50)
    expect(accepted.every(each => each.created)).toBe(true)
    expect(await counts()).toEqual({ pending: 50 })
  })

  it('makes one job of a repeated idempotency key, in one flush and across flushes', async () => {
    const together = await Promise.all([1, 2, 3].map(() => record.acceptJob(job({ idempotencyKey: 'order-7' }))))
    const later = await record.acceptJob(job({ idempotencyKey: 'order-7' }))
    const ids = new Set([...together, later].map(each => each.id))
    expect(ids.size).toBe(1)
    expect([...together, later].filter(each => each.created)).toHaveLength(1)
    expect(await counts()).toEqual({ pending: 1 })
  })

  it('keeps the same key of two organizations apart', async () => {
    const [ours, theirs] = await Promise.all([record.acceptJob(job({ idempotencyKey: 'k' })), record.acceptJob(job({ idempotencyKey: 'k', organizationId: randomUUID() }))])
    expect(ours.created && theirs.created).toBe(true)
    expect(ours.id).not.toBe(theirs.id)
  })

  it('fails a row that PostgreSQL cannot hold alone, and keeps the others of its batch', async () => {
    const results = await Promise.allSettled([record.acceptJob(job()), record.acceptJob(job({ payload: '{"text":"a\\u0000b"}' })), record.acceptJob(job()), record.acceptJob(job())])
    expect(results.map(each => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(await counts()).toEqual({ pending: 3 })
  })

  it('leaves a job for later scheduled, due at its time', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const { id } = await record.acceptJob(job({ scheduledAt: at }))
    expect(await row(id)).toMatchObject({ state: 'scheduled', due_at: new Date(at) })
    expect(await left('due_jobs')).toMatchObject([{ job_id: id, ready: false, due_at: new Date(at) }])
  })
})

describe('claiming', () => {
  it('gives a job to one of two workers that ask at once, and raises its run', async () => {
    const { id } = await record.acceptJob(job())
    await stamp([id])
    const [first, second] = await Promise.all([record.store.claimJobs([id], WORKER, 30), record.store.claimJobs([id], randomUUID(), 30)])
    expect(first.length + second.length).toBe(1)
    expect(await row(id)).toMatchObject({ state: 'running', run: 1 })
    expect(await counts()).toEqual({ running: 1 })
  })

  it('drops ids that are unknown or no longer pending', async () => {
    const { id } = await record.acceptJob(job())
    await claimOne(id)
    expect(await record.store.claimJobs([id, randomUUID()], WORKER, 30)).toEqual([])
    expect((await record.database.owner.query('select * from claims')).rows).toHaveLength(1)
  })
})

describe('finishing', () => {
  it('accepts one result per run: the second, and one of an older run, change nothing', async () => {
    const { id } = await record.acceptJob(job())
    const claimed = await claimOne(id)
    expect([...(await record.store.completeRuns([ended(id, 1)], [claimed.claimId]))]).toEqual([id])
    expect((await record.store.completeRuns([ended(id, 1, { result: '"again"' })], [])).size).toBe(0)
    expect(await row(id)).toMatchObject({ state: 'completed', result: 'done' })
    expect(await counts()).toEqual({ completed: 1 })
    expect((await record.database.owner.query('select * from claims')).rows).toEqual([])
  })

  it('writes an attempt for a run that failed, none for one that completed', async () => {
    const { id } = await record.acceptJob(job())
    await claimOne(id)
    await record.store.endRuns([ended(id, 1, { state: 'retrying', outcome: 'failed', error: 'HTTP 503', result: null, delayMs: 0 })], [])
    expect(await row(id)).toMatchObject({ state: 'retrying', failures: 1, last_error: 'HTTP 503' })
    expect(await record.room.promoteDue(10)).toMatchObject([{ id, from_state: 'retrying', state: 'pending' }])
    await claimOne(id)
    await record.store.completeRuns([ended(id, 2)], [])
    const { rows } = await record.database.owner.query('select run, outcome, error from job_attempts where job_id = $1', [id])
    expect(rows).toEqual([{ run: 1, outcome: 'failed', error: 'HTTP 503' }])
    expect(await row(id)).toMatchObject({ state: 'completed', run: 2, failures: 1 })
  })
})

describe('recovering', () => {
  it('counts a crash of the job that a dead worker held alone, and refuses the late result of the lost run', async () => {
    const { id } = await record.acceptJob(job())
    await claimOne(id)
    await runOut()
    expect(await record.reapClaims()).toBe(1)
    expect(await row(id)).toMatchObject({ state: 'pending', crashes: 1, failures: 0, dispatched_at: null })
    expect((await record.store.completeRuns([ended(id, 1)], [])).size).toBe(0)
    expect(await counts()).toEqual({ pending: 1 })
  })

  it('counts nothing against the many that a dead worker held: they are suspects, and run one by one', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await record.acceptJob(job())).id))
    await stamp(ids)
    await record.store.claimJobs(ids, WORKER, 30)
    await runOut()
    expect(await record.reapClaims()).toBe(3)
    for (const id of ids) expect(await row(id)).toMatchObject({ state: 'pending', crashes: 0, suspect: true })
    expect((await left('due_jobs')).map(each => each.job_id).sort()).toEqual([...ids].sort())
  })

  it('takes all claims of a dead worker at once, also those that have not run out yet', async () => {
    const [one, two] = [await record.acceptJob(job()), await record.acceptJob(job())]
    await claimOne(one.id)
    await runOut()
    await claimOne(two.id)
    expect(await record.reapClaims()).toBe(2)
    expect(await left('claims')).toEqual([])
  })

  it('leaves a claim alone that its worker holds, and takes one that a living worker does not know of', async () => {
    const [{ id: held }, { id: unknown }] = [await record.acceptJob(job()), await record.acceptJob(job())]
    const { claimId } = await claimOne(held)
    await claimOne(unknown)
    await runOut()
    await beat({}, { held: [claimId] })
    expect(await record.reapClaims()).toBe(1)
    expect(await row(held)).toMatchObject({ state: 'running' })
    expect(await row(unknown)).toMatchObject({ state: 'pending', crashes: 0, suspect: false })
  })

  it('lets go of the claims that a worker has released', async () => {
    const { claimId } = await claimOne((await record.acceptJob(job())).id)
    await beat({ running: 0 }, { released: [claimId] })
    expect(await left('claims')).toEqual([])
  })

  it('sends a job that crashed three workers to the dead letter', async () => {
    const { id } = await record.acceptJob(job())
    for (let lost = 0; lost < 3; lost++) {
      await claimOne(id)
      await runOut()
      await record.reapClaims()
    }
    expect(await row(id)).toMatchObject({ state: 'failed', crashes: 3 })
    expect(await counts()).toEqual({ failed: 1 })
    expect(await left('due_jobs')).toEqual([])
  })

  it('puts a job whose hint is lost back into the waiting room, once', async () => {
    const { id } = await record.acceptJob(job({ jobType: 'drill', orderingKey: 'k' }))
    await stamp([id])
    expect(await record.room.stampedFrom({ lanes: ['drill'], from: '00000000-0000-0000-0000-000000000000', to: 'ffffffff-ffff-ffff-ffff-ffffffffffff', limit: 10 })).toEqual([id])
    expect(await record.room.returnToWaiting([id])).toBe(1)
    expect(await record.room.returnToWaiting([id])).toBe(0)
    expect(await left('due_jobs')).toMatchObject([{ job_id: id, ready: true }])
  })
})

describe('the counters', () => {
  it('say the same before and after they are rolled up, and as the rows do', async () => {
    const accepted = await Promise.all(Array.from({ length: 9 }, () => record.acceptJob(job())))
    for (const { id } of accepted.slice(0, 4)) {
      const claimed = await claimOne(id)
      await record.store.completeRuns([ended(id, 1)], [claimed.claimId])
    }
    const before = await counts()
    expect(before).toEqual({ pending: 5, completed: 4 })
    while (await record.presence.rollUpCounters(3) === 3);
    expect(await counts()).toEqual(before)
    const { rows } = await record.database.owner.query(`select state, sum(entered)::int as entered from job_minutes group by 1 order by 1`)
    expect(rows).toEqual([{ state: 'completed', entered: 4 }, { state: 'created', entered: 9 }, { state: 'pending', entered: 9 }, { state: 'running', entered: 4 }])
  })
})

describe('the lease of a control loop', () => {
  it('is held by one, prolonged by its holder, and taken over when it ends', async () => {
    const [one, other] = [randomUUID(), randomUUID()]
    expect(await record.presence.holdLease('loop', one, 5)).toBe(true)
    expect(await record.presence.holdLease('loop', other, 5)).toBe(false)
    expect(await record.presence.holdLease('loop', one, 0.01)).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(await record.presence.holdLease('loop', other, 5)).toBe(true)
    expect(await record.presence.holdLease('loop', one, 5)).toBe(false)
  })
})

describe('running an envelope', () => {
  const run = async (ids: string[], outcomeOf: (id: string) => Outcome) => {
    await stamp(ids)
    await runOnly(ids, outcomeOf)
  }
  const runOnly = async (ids: string[], outcomeOf: (id: string) => Outcome) => {
    const { runEnvelope } = await import('#server/domain/engine/run-envelope.ts')
    await runEnvelope({ ids, workerId: WORKER, run: async claimed => outcomeOf(claimed.id) })
  }

  it('ends each job by its own outcome: one that fails harms no other', async () => {
    const [good, bad, late] = await Promise.all([record.acceptJob(job()), record.acceptJob(job({ maxRetries: 0 })), record.acceptJob(job())])
    await run([good.id, bad.id, late.id], id => id === bad.id ? { kind: 'fail', error: 'boom' } : id === late.id ? { kind: 'snooze', delayMs: 60_000 } : { kind: 'ok', result: { n: 1 } })
    expect(await row(good.id)).toMatchObject({ state: 'completed', result: { n: 1 } })
    expect(await row(bad.id)).toMatchObject({ state: 'failed', last_error: 'boom', failures: 1 })
    expect(await row(late.id)).toMatchObject({ state: 'scheduled', snoozes: 1, failures: 0 })
  })

  it('runs a job once that stands in two envelopes at the same time', async () => {
    const { id } = await record.acceptJob(job())
    await stamp([id])
    let runs = 0
    await Promise.all([runOnly([id], () => { runs++; return { kind: 'ok', result: null } }), runOnly([id, id], () => { runs++; return { kind: 'ok', result: null } })])
    expect(runs).toBe(1)
    expect(await row(id)).toMatchObject({ state: 'completed', run: 1 })
  })

  it('gives up the claim of a job whose end cannot be written, so that the job runs again', async () => {
    const { heldClaims } = await import('#server/domain/engine/held-claims.ts')
    const [{ id }, { id: neighbour }] = await Promise.all([record.acceptJob(job()), record.acceptJob(job())])
    await record.database.owner.query(`alter table jobs add constraint refuse check (result is null or result <> '"refuse me"')`)
    try {
      await run([id, neighbour], each => ({ kind: 'ok', result: each === id ? 'refuse me' : 'fine' }))
    }
    finally {
      await record.database.owner.query('alter table jobs drop constraint refuse')
    }
    expect(heldClaims()).toEqual([])
    expect(await row(neighbour)).toMatchObject({ state: 'completed', result: 'fine' })
    await runOut()
    expect(await record.reapClaims()).toBe(1)
    expect(await row(id)).toMatchObject({ state: 'pending' })
  })

  it('refuses a result that PostgreSQL cannot hold as a failure of that job, with the reason', async () => {
    const { id } = await record.acceptJob(job({ maxRetries: 5 }))
    await run([id], () => ({ kind: 'ok', result: 'a\u0000b' }))
    expect(await row(id)).toMatchObject({ state: 'failed', last_error: expect.stringContaining('U+0000') })
  })
})
