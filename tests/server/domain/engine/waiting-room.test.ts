import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { beat, claimOne, counts, ended, job, left, ORGANIZATION, record, row, stamp, toEnded, useRecord, WORKER } from './record.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import type * as Store from '#server/domain/engine/store.ts'
import type * as Gated from '#server/domain/engine/dispatch-gated.ts'
import type * as After from '#server/domain/engine/after-runs.ts'
import type * as Expire from '#server/domain/engine/expire-jobs.ts'
import type * as Cancel from '#server/domain/engine/cancel-jobs.ts'
import type * as Retry from '#server/domain/engine/retry-jobs.ts'
import type * as Priority from '#server/domain/engine/change-priority.ts'
import type * as Purge from '#server/domain/engine/purge-failed.ts'
import type * as History from '#server/domain/engine/keep-history.ts'

let gated: typeof Gated
let afterRuns: typeof After.afterRuns
let expireJobs: typeof Expire.expireJobs
let cancelJobs: typeof Cancel.cancelJobs
let retryJobs: typeof Retry.retryJobs
let changePriority: typeof Priority.changePriority
let purgeFailed: typeof Purge.purgeFailed
let keepPartitions: typeof History.keepPartitions
let cleanQueues: typeof History.cleanQueues

useRecord()
beforeAll(async () => {
  gated = await import('#server/domain/engine/dispatch-gated.ts')
  ;({ afterRuns } = await import('#server/domain/engine/after-runs.ts'))
  ;({ expireJobs } = await import('#server/domain/engine/expire-jobs.ts'))
  ;({ cancelJobs } = await import('#server/domain/engine/cancel-jobs.ts'))
  ;({ retryJobs } = await import('#server/domain/engine/retry-jobs.ts'))
  ;({ changePriority } = await import('#server/domain/engine/change-priority.ts'))
  ;({ purgeFailed } = await import('#server/domain/engine/purge-failed.ts'))
  ;({ keepPartitions, cleanQueues } = await import('#server/domain/engine/keep-history.ts'))
})

describe('the waiting room', () => {
  const waiting = (more: Partial<NewJob> = {}) => record.acceptJob(job({ jobType: 'drill', ...more }))
  const pause = (queue = 'mail', columns = 'paused_at', value = 'now()') => record.database.owner.query(
    `insert into queues (organization_id, name, ${columns}) values ($1, $2, ${value}) on conflict (organization_id, name) do update set ${columns} = excluded.${columns}`, [ORGANIZATION, queue])
  const pair = { organization_id: ORGANIZATION, queue_name: 'mail' }
  const go = async () => (await gated.stampGated('drill', pair)).stamped.map(each => each.id)
  const finish = async (id: string, more: Partial<Store.FinishedRun> = {}) => {
    const [claimed] = await record.store.claimJobs([id], WORKER, 30)
    const end = ended(id, claimed!.run, more)
    if (end.outcome === 'completed') await afterRuns((await record.store.completeRuns([end], [claimed!.claimId])).size > 0 ? [toEnded(claimed!)] : [])
    else await afterRuns([...(await record.store.endRuns([end], [claimed!.claimId])).values()])
  }
  /** Rows that must wait for the dispatcher, without a lane that is full: their queue is limited, so they never go at once. */
  const backlog = async (organizationId: string, count: number, queueName = 'mail') => {
    const accepted = await Promise.all(Array.from({ length: count }, () => waiting({ organizationId, queueName, orderingKey: 'x' })))
    await record.database.owner.query('update due_jobs set gated = false, ordering_key = null where job_id = any($1::uuid[])', [accepted.map(each => each.id)])
  }

  it('moves what is due, once, and leaves what is not due yet', async () => {
    const due = await waiting({ scheduledAt: new Date(Date.now() + 40).toISOString() })
    await waiting({ scheduledAt: new Date(Date.now() + 60_000).toISOString() })
    await new Promise(resolve => setTimeout(resolve, 80))
    const [once, twice] = [await record.room.promoteDue(10), await record.room.promoteDue(10)]
    expect(once).toMatchObject([{ id: due.id, from_state: 'scheduled', state: 'pending' }])
    expect(twice).toEqual([])
    expect(await counts()).toEqual({ pending: 1, scheduled: 1 })
  })

  it('gives each organization the same share, however much one of them has', async () => {
    const [large, small] = [randomUUID(), randomUUID()]
    await backlog(large, 300)
    await backlog(small, 10)
    const stamped = await record.room.stampReady('drill', 40)
    const { rows } = await record.database.owner.query('select organization_id, count(*)::int as n from jobs where id = any($1::uuid[]) group by 1', [stamped.map(each => each.id)])
    expect(Object.fromEntries((rows as { organization_id: string, n: number }[]).map(each => [each.organization_id, each.n]))).toEqual({ [large]: 20, [small]: 10 })
  })

  it('sends the ten jobs of one organization with its next thousand, beside the hundred thousand of another', async () => {
    const [large, small] = [randomUUID(), randomUUID()]
    await record.database.owner.query(`
      with made as (
        insert into jobs (id, organization_id, queue_name, job_type, state, payload, max_retries, timeout_seconds, created_at, updated_at)
        select (to_char(n, 'FM00000000') || '-0000-7000-8000-000000000000')::uuid, $1, 'mail', 'drill', 'pending', '{}', 0, 60, now(), now() from generate_series(1, 100000) as n
        returning id, organization_id, queue_name)
      insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated) select id, organization_id, 'drill', queue_name, 0, true, false from made`, [large])
    await backlog(small, 10)
    const stamped = new Set((await record.room.stampReady('drill', 1000)).map(each => each.id))
    const { rows } = await record.database.owner.query('select id from jobs where organization_id = $1', [small])
    expect((rows as { id: string }[]).filter(each => stamped.has(each.id))).toHaveLength(10)
    expect(stamped.size).toBeGreaterThan(500)
  })

  it('takes a higher priority first, and leaves paused queues alone', async () => {
    await backlog(ORGANIZATION, 2)
    const urgent = await waiting({ priority: 50, orderingKey: 'y' })
    await record.database.owner.query('update due_jobs set gated = false, ordering_key = null where job_id = $1', [urgent.id])
    await pause()
    expect(await record.room.stampReady('drill', 10)).toEqual([])
    await pause('mail', 'paused_at', 'null')
    expect((await record.room.stampReady('drill', 1)).map(each => each.id)).toEqual([urgent.id])
  })

  it('lets one job of an ordering key run at a time, in the order of their acceptance; a retrying head holds up the others', async () => {
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push((await waiting({ orderingKey: 'order-7', maxRetries: 3 })).id)
    expect(await go()).toEqual([ids[0]])
    expect(await go()).toEqual([])
    await finish(ids[0]!, { state: 'retrying', outcome: 'failed', result: null, error: 'x', delayMs: 0 })
    expect(await go()).toEqual([])
    await record.room.promoteDue(10)
    expect(await go()).toEqual([ids[0]])
    await finish(ids[0]!)
    expect(await go()).toEqual([ids[1]])
    await finish(ids[1]!, { state: 'failed', outcome: 'failed', result: null, error: 'x' })
    expect(await go()).toEqual([ids[2]])
    await finish(ids[2]!)
    expect(await left('job_slots')).toEqual([])
  })

  it('lets as many jobs of a concurrency key run as the queue says', async () => {
    await pause('mail', 'concurrency_per_key', '2')
    const ids: string[] = []
    for (let n = 0; n < 4; n++) ids.push((await waiting({ concurrencyKey: 'customer-1' })).id)
    const other = await waiting({ concurrencyKey: 'customer-2' })
    const first = await go()
    expect(first.sort()).toEqual([ids[0], ids[1], other.id].sort())
    await finish(ids[1]!)
    expect(await go()).toEqual([ids[2]])
  })

  it('holds the concurrency limit of a queue, also for what was accepted before it was set', async () => {
    const before = await waiting({ orderingKey: 'a' })
    await record.database.owner.query('update due_jobs set gated = false, ordering_key = null')
    await record.database.owner.query('update jobs set gated = false, ordering_key = null')
    await pause('mail', 'concurrency', '1')
    const after = await waiting({ orderingKey: 'b' })
    expect(await record.room.stampReady('drill', 10)).toEqual([])
    expect(await record.room.gatedPairs('drill')).toEqual([pair])
    expect(await go()).toEqual([before.id])
    expect(await go()).toEqual([])
    await finish(before.id)
    expect(await go()).toEqual([after.id])
  })

  it('starts no more jobs of a queue in its period than the rate allows', async () => {
    await pause('mail', 'rate_limit', '2')
    await pause('mail', 'rate_period_seconds', '3600')
    for (let n = 0; n < 5; n++) await waiting({ orderingKey: `k${n}` })
    expect(await go()).toHaveLength(2)
    expect(await go()).toEqual([])
    await record.database.owner.query(`update queues set rate_window_at = now() - interval '2 hours'`)
    expect(await go()).toHaveLength(2)
  })

  it('refuses the claim of a job whose queue was paused or limited after its hint went out, and lets it wait', async () => {
    const { id } = await waiting({ orderingKey: 'a' })
    await record.database.owner.query('update jobs set gated = false, ordering_key = null')
    await stamp([id])
    await pause('mail', 'concurrency', '5')
    expect(await record.store.claimJobs([id], WORKER, 30)).toEqual([])
    await record.store.bounceJobs([id])
    expect(await left('due_jobs')).toMatchObject([{ job_id: id, ready: true, gated: true }])
    expect(await row(id)).toMatchObject({ state: 'pending', dispatched_at: null })
  })

  it('lets on who waits for a key that nobody holds any more', async () => {
    const ids = [(await waiting({ orderingKey: 'lost' })).id, (await waiting({ orderingKey: 'lost' })).id]
    expect(await go()).toEqual([ids[0]])
    await go()
    await record.database.owner.query('delete from job_slots')
    expect(await gated.healParked(10)).toBe(1)
    expect(await go()).toEqual([ids[1]])
  })

  it('forgets nothing of an expiring job: it ends as expired, visibly, and frees its place in line', async () => {
    const soon = new Date(Date.now() + 50).toISOString()
    const { id } = await waiting({ orderingKey: 'e', expiresAt: soon })
    await go()
    await new Promise(resolve => setTimeout(resolve, 80))
    expect(await record.store.claimJobs([id], WORKER, 30)).toEqual([])
    await expireJobs()
    expect(await row(id)).toMatchObject({ state: 'expired' })
    expect(await counts()).toEqual({ expired: 1 })
    for (const table of ['due_jobs', 'job_slots', 'job_expiries']) expect(await left(table), table).toEqual([])
  })
})

describe('an operator', () => {
  const options = { organizationId: ORGANIZATION, actor: 'ann', reason: 'why not' }

  it('cancels a job that waits at once, one that runs by request, and neither a second time', async () => {
    const [waiting, running, done] = [await record.acceptJob(job()), await record.acceptJob(job()), await record.acceptJob(job())]
    await claimOne(running.id)
    const claimed = await claimOne(done.id)
    await record.store.completeRuns([ended(done.id, 1)], [claimed.claimId])
    const ids = [waiting.id, running.id, done.id, randomUUID()]
    expect(Object.fromEntries(await cancelJobs({ ...options, ids }))).toEqual({ [waiting.id]: 'cancelled', [running.id]: 'cancelling', [done.id]: 'final' })
    expect(await beat()).toEqual({ cancels: [running.id], drain: false })
    expect((await left('events')).map(event => [event.subject_id, event.action, event.actor, event.reason]).sort())
      .toEqual([waiting.id, running.id].sort().map(id => [id, 'job.cancelled', 'ann', 'why not']))
    await record.store.endRuns([ended(running.id, 1, { state: 'retrying', outcome: 'failed', result: null, error: 'x', delayMs: 0 })], [])
    expect(await row(running.id)).toMatchObject({ state: 'cancelled' })
    expect(await left('cancel_requests')).toEqual([])
    expect(await counts()).toEqual({ cancelled: 2, completed: 1 })
  })

  it('cannot touch another organization\'s job', async () => {
    const { id } = await record.acceptJob(job())
    const theirs = { ...options, organizationId: randomUUID() }
    expect((await cancelJobs({ ...theirs, ids: [id] })).size).toBe(0)
    expect(await changePriority({ ...theirs, id, priority: 9 })).toBeNull()
    expect(await retryJobs({ ...theirs, ids: [id] })).toEqual([])
    expect(await row(id)).toMatchObject({ state: 'pending', priority: 0 })
  })

  it('runs failed, cancelled and expired jobs again, with their counts at zero, and no others', async () => {
    const [failed, cancelled, pending] = [await record.acceptJob(job()), await record.acceptJob(job()), await record.acceptJob(job())]
    await claimOne(failed.id)
    await record.store.endRuns([ended(failed.id, 1, { state: 'failed', outcome: 'failed', result: null, error: 'x' })], [])
    await cancelJobs({ ...options, ids: [cancelled.id] })
    expect(await retryJobs({ ...options, ids: [failed.id, cancelled.id, pending.id] })).toEqual([failed.id, cancelled.id])
    expect(await row(failed.id)).toMatchObject({ state: 'pending', failures: 0, failed_at: null, run: 1 })
    expect(await counts()).toEqual({ pending: 3 })
    expect((await claimOne(failed.id)).run).toBe(2)
  })

  it('changes the priority of what waits, in its row and in the waiting room', async () => {
    const { id } = await record.acceptJob(job({ priority: 3 }))
    expect(await changePriority({ ...options, id, priority: 70 })).toEqual({ before: 3, after: 70 })
    expect(await row(id)).toMatchObject({ priority: 70 })
    expect(await left('due_jobs')).toMatchObject([{ priority: 70 }])
    await claimOne(id)
    expect(await changePriority({ ...options, id, priority: 1 })).toBeNull()
  })

  it('purges the dead letter, oldest first, and the counters lose what is gone', async () => {
    const ids: string[] = []
    for (let n = 0; n < 3; n++) {
      const { id } = await record.acceptJob(job({ idempotencyKey: `key ${n}` }))
      await claimOne(id)
      await record.store.endRuns([ended(id, 1, { state: 'failed', outcome: 'failed', result: null, error: 'x' })], [])
      ids.push(id)
    }
    expect(await purgeFailed({ ...options, queueName: 'other', limit: 10 })).toBe(0)
    expect(await purgeFailed({ ...options, limit: 2 })).toBe(2)
    expect(await counts()).toEqual({ failed: 1 })
    expect(await row(ids[2]!)).toBeDefined()
    expect((await left('job_attempts')).map(each => each.job_id)).toEqual([ids[2]])
    expect((await left('idempotency_keys')).map(each => each.key)).toEqual(['key 2'])
  })
})

describe('history', () => {
  it('falls by the day, keeps what is unfinished, and the counters follow', async () => {
    const now = Date.now()
    const day = (age: number) => new Date(now - age * 86_400_000)
    const name = `jobs_${day(40).toISOString().slice(0, 10).replaceAll('-', '')}`
    const idOf = (suffix: string) => `${day(40).getTime().toString(16).padStart(12, '0').replace(/^(.{8})(.{4})$/, '$1-$2')}-7000-8000-00000000000${suffix}`
    await record.database.owner.query(`create table ${name} partition of jobs for values from (bespin_first_id(date_trunc('day', $$${day(40).toISOString()}$$::timestamptz, 'UTC'))) to (bespin_first_id(date_trunc('day', $$${day(40).toISOString()}$$::timestamptz, 'UTC') + interval '1 day'))`)
    for (const [suffix, state] of [['1', 'completed'], ['2', 'pending']]) {
      await record.database.owner.query(`insert into jobs (id, organization_id, queue_name, state, payload, max_retries, timeout_seconds, created_at, updated_at) values ($1, $2, 'mail', $3, '{}', 0, 60, $4, $4)`, [idOf(suffix!), ORGANIZATION, state, day(40)])
      await record.database.owner.query(`insert into job_counters values ($1, 'mail', '', $2, 1)`, [ORGANIZATION, state])
    }
    await keepPartitions()
    expect(await row(idOf('1'))).toBeUndefined()
    expect(await row(idOf('2'))).toMatchObject({ state: 'pending' })
    expect(await counts()).toEqual({ pending: 1 })
    expect((await record.database.owner.query('select to_regclass($1) as there', [name])).rows).toEqual([{ there: null }])
  })

  it('is kept shorter where a queue says so', async () => {
    await record.database.owner.query(`insert into queues (organization_id, name, retention_days) values ($1, 'mail', 3)`, [ORGANIZATION])
    const { id } = await record.acceptJob(job())
    const claimed = await claimOne(id)
    await record.store.completeRuns([ended(id, 1)], [claimed.claimId])
    await cleanQueues()
    expect(await row(id)).toBeDefined()
    const old = '00000001-0000-7000-8000-000000000001'
    await record.database.owner.query(`update jobs set id = $2, completed_at = now() - interval '4 days' where id = $1`, [id, old])
    await cleanQueues()
    expect(await row(old)).toBeUndefined()
    expect(await counts()).toEqual({})
  })
})

