import { beforeAll, describe, expect, it } from 'vitest'
import { claimOne, counts, ended, job, left, ORGANIZATION, record, row, stamp, useRecord } from '../engine/record.ts'
import type * as End from '#server/domain/actions/end-action.ts'
import type * as Read from '#server/domain/actions/read-actions.ts'
import type * as Run from '#server/domain/actions/run-chunk.ts'
import type * as Pace from '#server/domain/actions/run-actions.ts'
import type * as Start from '#server/domain/actions/start-action.ts'
import { JobActionBody } from '#shared/schemas/action.ts'
import type { z } from 'zod'

let actions: typeof Start & typeof End & typeof Read & typeof Run & typeof Pace
useRecord()
beforeAll(async () => {
  actions = {
    ...await import('#server/domain/actions/start-action.ts'), ...await import('#server/domain/actions/end-action.ts'), ...await import('#server/domain/actions/read-actions.ts'),
    ...await import('#server/domain/actions/run-chunk.ts'), ...await import('#server/domain/actions/run-actions.ts'),
  }
})

const operator = { organizationId: ORGANIZATION, actor: 'ada' }
const start = (body: z.input<typeof JobActionBody>) => actions.startAction(operator, JobActionBody.parse(body))
const preview = (body: z.input<typeof JobActionBody>) => actions.previewAction(operator, JobActionBody.parse({ ...body, dry_run: true }))
const get = (id: string) => actions.getAction(ORGANIZATION, id)
const items = async (id: string) => (await actions.listItems(ORGANIZATION, id, { limit: 100 })).rows
/** All steps of an action, as the runner takes them; answers it. */
async function run(id: string, size = 500) {
  for (let step = await actions.runChunk(id, size); step !== null; step = await actions.runChunk(id, size)) await step.after()
  return get(id)
}
const undo = async (id: string) => run((await actions.undoAction({ ...operator, id, reason: 'a mistake' })).id)
const make = async (count: number, more: Parameters<typeof job>[0] = {}) => {
  const ids: string[] = []
  for (let n = 0; n < count; n++) ids.push((await record.acceptJob(job(more))).id)
  return ids
}
const THEIRS = '00000000-0000-7000-8000-000000000002'
const LATER = '2099-01-01T00:00:00.000Z'
const fail = async (id: string) => {
  const claimed = await claimOne(id)
  await record.store.endRuns([ended(id, claimed.run, { state: 'failed', outcome: 'failed', result: null, error: 'x' })], [claimed.claimId])
}
const eventsOf = async (id: string) => (await left('events')).filter(event => event.subject_id === id).map(event => ({ action: event.action, actor: event.actor, reason: event.reason, details: event.details }))

describe('an action on many jobs', () => {
  it('changes what matched, tells each job\'s timeline who and why, and says what became of each', async () => {
    const mine = await make(3, { queueName: 'mail' })
    const [other] = await make(1, { queueName: 'other' })
    const { id, matched, state } = await start({ action: 'cancel', filter: { queue_name: 'mail' }, reason: 'wrong customer' })
    expect({ matched, state }).toEqual({ matched: 3, state: 'running' })
    expect(await run(id)).toMatchObject({ state: 'completed', matched: 3, done: 3, skipped: 0, failed: 0, actor: 'ada', reason: 'wrong customer', is_exact: true })
    for (const each of mine) {
      expect(await row(each)).toMatchObject({ state: 'cancelled' })
      expect(await eventsOf(each)).toEqual([{ action: 'job.cancelled', actor: 'ada', reason: 'wrong customer', details: { action_id: id } }])
    }
    expect(await row(other!)).toMatchObject({ state: 'pending' })
    expect(await items(id)).toMatchObject(mine.map(job_id => ({ job_id, outcome: 'done', before: { state: 'pending', queue_name: 'mail', priority: 0 } })))
    expect(await counts()).toEqual({ cancelled: 3, pending: 1 })
  })

  it('leaves jobs alone that were made after it was asked for', async () => {
    await make(2)
    const { id } = await start({ action: 'cancel', filter: {} })
    const [late] = await make(1)
    expect(await run(id)).toMatchObject({ done: 2, matched: 2 })
    expect(await row(late!)).toMatchObject({ state: 'pending' })
  })

  it('counts a job that changes before its turn as skipped, and touches it no more', async () => {
    const ids = await make(4, { queueName: 'mail' })
    const { id } = await start({ action: 'priority', priority: 9, filter: { queue_name: 'mail' } })
    await record.database.owner.query(`update jobs set queue_name = 'elsewhere' where id = $1`, [ids[0]])
    await record.database.owner.query(`delete from jobs where id = $1`, [ids[1]])
    await record.database.owner.query(`update jobs set priority = 9 where id = $1`, [ids[2]])
    expect(await run(id)).toMatchObject({ state: 'completed', matched: 4, done: 1, skipped: 3, skipped_by: { changed: 1, gone: 1, same: 1 } })
    expect(await row(ids[0]!)).toMatchObject({ priority: 0 })
    expect((await items(id)).map(item => item.reason)).toEqual(['changed', 'gone', 'same', null])
  })

  it('gathers what is too much to write down at once, and counts what changed meanwhile', async () => {
    await record.database.owner.query(`
      insert into jobs (id, organization_id, queue_name, state, payload, max_retries, timeout_seconds, created_at, updated_at, failed_at, completed_at)
      select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - 60000), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid, $1, 'mail', 'failed', '{}', 0, 60, now(), now(), now(), now()
      from generate_series(1, 12000) as n`, [ORGANIZATION])
    const { id, state, matched } = await start({ action: 'purge', filter: { state: ['failed'] }, confirm: '12000' })
    expect({ state, matched }).toEqual({ state: 'gathering', matched: 12000 })
    await record.database.owner.query(`update jobs set state = 'pending', updated_at = now() + interval '1 second' where id in (select id from jobs order by id desc limit 7)`)
    expect(await run(id)).toMatchObject({ state: 'completed', matched: 12000, done: 11993, skipped: 7, skipped_by: { changed: 7 } })
    expect((await left('jobs')).length).toBe(7)
  })

  it('ends each job once when two act on the same ones: the other counts it as skipped', async () => {
    await make(40)
    const [one, two] = [await start({ action: 'cancel', filter: {} }), await start({ action: 'cancel', filter: {} })]
    const steps = await Promise.all([run(one.id, 3), run(two.id, 5)])
    expect(steps.map(each => each.state)).toEqual(['completed', 'completed'])
    expect(steps[0]!.done + steps[1]!.done).toBe(40)
    expect(steps[0]!.skipped + steps[1]!.skipped).toBe(40)
    expect((await left('events')).filter(event => event.action === 'job.cancelled')).toHaveLength(40)
    expect(await counts()).toEqual({ cancelled: 40 })
  })

  it('ends in one state when two operators want opposite things of the same jobs', async () => {
    const ids = await make(30)
    const [cancel, move, priority] = [await start({ action: 'cancel', filter: {} }), await start({ action: 'move', queue_name: 'other', filter: {} }), await start({ action: 'priority', priority: 8, filter: {} })]
    const ended = await Promise.all([run(cancel.id, 4), run(move.id, 3), run(priority.id, 7)])
    for (const each of ended) expect(each).toMatchObject({ state: 'completed', matched: 30, failed: 0 })
    for (const each of ended) expect(each.done + each.skipped).toBe(30)
    expect(ended[0]!.done).toBe(30)
    for (const id of ids) expect(await row(id)).toMatchObject({ state: 'cancelled' })
    expect(await left('due_jobs')).toEqual([])
    expect(await counts()).toEqual({ cancelled: 30 })
    const moved = (await items(move.id)).filter(item => item.outcome === 'done').map(item => item.job_id)
    for (const id of ids) expect((await row(id)).queue_name).toBe(moved.includes(id) ? 'other' : 'mail')
  })

  it('retries a job once, when it failed anew before the turn it had in another operator\'s retry', async () => {
    const [once, twice] = await make(2)
    for (const id of [once!, twice!]) await fail(id)
    const [one, two] = [await start({ action: 'retry', filter: {} }), await start({ action: 'retry', filter: {} })]
    expect(await run(one.id)).toMatchObject({ done: 2 })
    await new Promise(resolve => setTimeout(resolve, 5))
    await fail(twice!)
    expect(await run(two.id)).toMatchObject({ done: 0, skipped: 2, skipped_by: { changed: 2 } })
    expect([await row(once!), await row(twice!)]).toMatchObject([{ state: 'pending' }, { state: 'failed' }])
  })

  it('follows its filter while it runs: a job that no longer fits is left alone, one that only begins to fit is not taken in', async () => {
    const ids = await make(6, { queueName: 'mail' })
    const [later] = await make(1, { queueName: 'other' })
    const { id } = await start({ action: 'cancel', filter: { queue_name: 'mail' } })
    await actions.runChunk(id, 2)
    await run((await start({ action: 'move', queue_name: 'other', ids: [ids[3]!] })).id)
    await run((await start({ action: 'move', queue_name: 'mail', ids: [later!] })).id)
    expect(await run(id, 2)).toMatchObject({ state: 'completed', matched: 6, done: 5, skipped_by: { changed: 1 } })
    expect([await row(ids[3]!), await row(later!)]).toMatchObject([{ state: 'pending', queue_name: 'other' }, { state: 'pending', queue_name: 'mail' }])
  })

  it('with a filter that nothing matches is over at once, changes nothing and is kept with who asked', async () => {
    await make(2)
    const { id, ...action } = await start({ action: 'cancel', filter: { queue_name: 'nobody' }, reason: 'a typo' })
    expect(action).toMatchObject({ state: 'completed', matched: 0, done: 0, undo_until: null, ended_at: expect.any(String) })
    expect(await actions.runChunk(id, 500)).toBeNull()
    await expect(actions.undoAction({ ...operator, id })).rejects.toThrow('changed nothing')
    await expect(actions.abortAction({ ...operator, id })).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await get(id)).toMatchObject({ actor: 'ada', reason: 'a typo' })
  })

  it('with a filter that everything matches takes all jobs of the organization, and none of another', async () => {
    await make(3)
    const [theirs] = await make(1, { organizationId: THEIRS })
    const { id } = await start({ action: 'cancel', filter: {} })
    expect(await run(id)).toMatchObject({ matched: 3, done: 3 })
    expect(await row(theirs!)).toMatchObject({ state: 'pending' })
    expect(await run((await actions.undoAction({ ...operator, id })).id)).toMatchObject({ done: 3 })
    await expect(actions.undoAction({ ...operator, organizationId: THEIRS, id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('does nothing twice with two runners on one action, nor after a step that was not committed', async () => {
    const ids = await make(30)
    const { id } = await start({ action: 'priority', priority: 5, filter: {} })
    await actions.runChunk(id, 10)
    await record.database.owner.query(`create function fail_once() returns trigger language plpgsql as $$ begin raise exception 'the process died'; end $$`)
    await record.database.owner.query(`create trigger fail_once before update on job_actions for each row execute function fail_once()`)
    await expect(actions.runChunk(id, 10)).rejects.toThrow('the process died')
    await record.database.owner.query('drop function fail_once cascade')
    await Promise.all([run(id, 4), run(id, 4)])
    expect(await get(id)).toMatchObject({ state: 'completed', done: 30, skipped: 0 })
    const told = (await left('events')).filter(event => event.action === 'job.priority_changed').map(event => event.subject_id)
    expect(told.sort()).toEqual(ids.sort())
  })

  it('gives up a job that cannot be changed, says why, and goes on with the others', async () => {
    const ids = await make(6)
    await record.database.owner.query(`create function refuse() returns trigger language plpgsql as $$ begin if old.id = '${ids[2]}' then raise exception 'this row is broken'; end if; return new; end $$`)
    await record.database.owner.query(`create trigger refuse before update on jobs for each row execute function refuse()`)
    try {
      const { id } = await start({ action: 'cancel', filter: {} })
      for (let n = 0; n < 60 && (await get(id)).state !== 'completed'; n++) {
        await actions.runActions()
        await new Promise(resolve => setTimeout(resolve, 60))
      }
      expect(await get(id)).toMatchObject({ state: 'completed', done: 5, failed: 1, last_error: 'this row is broken' })
      expect((await items(id))[2]).toMatchObject({ job_id: ids[2], outcome: 'failed', reason: 'this row is broken' })
      expect(await row(ids[2]!)).toMatchObject({ state: 'pending' })
    } finally {
      await record.database.owner.query('drop function refuse cascade')
    }
  })

  it('keeps to its rate', async () => {
    await make(12)
    const { id } = await start({ action: 'cancel', filter: {}, rate: 10 })
    const begin = Date.now()
    while ((await get(id)).state !== 'completed') {
      await actions.runActions()
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    expect(Date.now() - begin).toBeGreaterThan(900)
  })

  it('stops where it is when it is aborted, and can be taken back as far as it came', async () => {
    const ids = await make(5)
    const { id } = await start({ action: 'priority', priority: 3, filter: {} })
    await actions.runChunk(id, 2)
    expect(await actions.abortAction({ ...operator, id, reason: 'too many' })).toMatchObject({ state: 'aborted', done: 2, ended_by: 'ada', end_reason: 'too many' })
    expect(await actions.runChunk(id, 2)).toBeNull()
    expect(await row(ids[4]!)).toMatchObject({ priority: 0 })
    expect(await undo(id)).toMatchObject({ state: 'completed', done: 2, undoes: id })
    expect(await row(ids[0]!)).toMatchObject({ priority: 0 })
  })

  it('forgets after some days what became of each job, and never who did what', async () => {
    await make(2)
    const { id } = await start({ action: 'cancel', filter: {} })
    await run(id)
    await actions.forgetOldItems()
    expect(await items(id)).toHaveLength(2)
    await record.database.owner.query(`update job_actions set ended_at = now() - interval '8 days'`)
    await actions.forgetOldItems()
    expect(await items(id)).toEqual([])
    expect(await get(id)).toMatchObject({ done: 2, actor: 'ada', undo_until: expect.any(String) })
  })
})

describe('a confirmation', () => {
  it('is needed for a purge and for a cancel of many, with the number that matches now', async () => {
    const [failed] = await make(1)
    await fail(failed!)
    expect(await preview({ action: 'purge', filter: {} })).toMatchObject({ matched: 1, confirm: '1', is_exact: true, untouched: 0 })
    await expect(start({ action: 'purge', filter: {} })).rejects.toMatchObject({ code: 'CONFLICT', extra: { matched: 1 } })
    await expect(start({ action: 'purge', filter: {}, confirm: '2' })).rejects.toMatchObject({ code: 'CONFLICT', extra: { matched: 1 } })
    expect(await left('job_actions')).toEqual([])
    const { id } = await start({ action: 'purge', filter: {}, confirm: '1' })
    expect(await run(id)).toMatchObject({ done: 1, undo_until: null })
    expect(await left('jobs')).toEqual([])
    await expect(actions.undoAction({ ...operator, id })).rejects.toMatchObject({ code: 'CONFLICT' })
    await make(101)
    await expect(start({ action: 'cancel', filter: {} })).rejects.toMatchObject({ code: 'CONFLICT', extra: { matched: 101 } })
  })

  it('says in a dry run how many would change, how many not, shows some, and changes nothing', async () => {
    const ids = await make(12)
    await fail(ids[0]!)
    const { sample, ...rest } = await preview({ action: 'cancel', filter: { queue_name: 'mail' } })
    expect(rest).toEqual({ dry_run: true, action: 'cancel', matched: 11, is_exact: true, untouched: 1, confirm: null })
    expect(sample.map(each => each.id)).toEqual(ids.slice(2).reverse())
    expect(await left('job_actions')).toEqual([])
  })
})

describe('taking an action back', () => {
  it('lets cancelled jobs wait as they did: scheduled ones for their time, in line and with their expiry', async () => {
    const [pending, scheduled, expiring] = [...await make(1), ...await make(1, { scheduledAt: LATER }), ...await make(1, { expiresAt: LATER, orderingKey: 'a' })]
    const before = (await left('due_jobs')).map(({ seq: _, ...due }) => due).sort((one, other) => String(one.job_id) < String(other.job_id) ? -1 : 1)
    const { id } = await start({ action: 'cancel', filter: {} })
    expect(await run(id)).toMatchObject({ done: 3 })
    expect(await left('due_jobs')).toEqual([])
    expect(await undo(id)).toMatchObject({ action: 'undo', undoes: id, done: 3, skipped: 0, reason: 'a mistake' })
    expect(await row(pending!)).toMatchObject({ state: 'pending', completed_at: null, cancel_requested_at: null })
    expect(await row(scheduled!)).toMatchObject({ state: 'scheduled', due_at: new Date(LATER) })
    expect((await left('due_jobs')).map(({ seq: _, ...due }) => due).sort((one, other) => String(one.job_id) < String(other.job_id) ? -1 : 1)).toEqual(before)
    expect(await left('job_expiries')).toMatchObject([{ job_id: expiring }])
    expect(await counts()).toEqual({ pending: 2, scheduled: 1 })
    expect(await get(id)).toMatchObject({ undone_by: expect.any(String), undo_until: null })
    await expect(actions.undoAction({ ...operator, id })).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('leaves alone what has changed or begun since', async () => {
    const ids = await make(3)
    const running = await claimOne(ids[2]!)
    const { id } = await start({ action: 'cancel', filter: {} })
    expect(await run(id)).toMatchObject({ done: 3 })
    await record.store.endRuns([ended(ids[2]!, running.run, { state: 'cancelled', outcome: 'cancelled', result: null, error: 'told to stop' })], [running.claimId])
    const again = await start({ action: 'retry', ids: [ids[0]!] })
    await run(again.id)
    expect(await undo(id)).toMatchObject({ done: 1, skipped: 2, skipped_by: { changed: 1, begun: 1 } })
    expect(await row(ids[1]!)).toMatchObject({ state: 'pending' })
    expect(await row(ids[2]!)).toMatchObject({ state: 'cancelled' })
  })

  it('cancels retried jobs that have not begun, and no others', async () => {
    const ids = await make(2)
    for (const id of ids) await fail(id)
    const { id } = await start({ action: 'retry', filter: { state: ['failed'] } })
    expect(await run(id)).toMatchObject({ done: 2 })
    await claimOne(ids[0]!)
    expect(await undo(id)).toMatchObject({ done: 1, skipped_by: { begun: 1 } })
    expect([await row(ids[0]!), await row(ids[1]!)]).toMatchObject([{ state: 'running' }, { state: 'cancelled' }])
  })

  it('is begun once by two operators at the same moment', async () => {
    const ids = await make(3)
    const { id } = await start({ action: 'priority', priority: 4, filter: {} })
    await run(id)
    const asked = await Promise.allSettled(['ada', 'eve'].map(actor => actions.undoAction({ organizationId: ORGANIZATION, id, actor })))
    expect(asked.map(each => each.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(asked.find(each => each.status === 'rejected')).toMatchObject({ reason: { code: 'CONFLICT' } })
    const begun = (await left('job_actions')).filter(action => action.undoes === id)
    expect(begun).toHaveLength(1)
    expect(await run(begun[0]!.id as string)).toMatchObject({ done: 3 })
    await expect(actions.undoAction({ ...operator, id })).rejects.toThrow(begun[0]!.id as string)
    await expect(actions.undoAction({ ...operator, id: begun[0]!.id as string })).rejects.toThrow('An undo is not taken back itself')
    expect(await row(ids[0]!)).toMatchObject({ priority: 0 })
  })

  it('stops where it is when it is aborted: what came back stays back, the rest stays as the action left it', async () => {
    const ids = await make(12, { scheduledAt: LATER })
    const { id } = await start({ action: 'cancel', filter: {} })
    await run(id)
    const { id: undone } = await actions.undoAction({ ...operator, id })
    await actions.runChunk(undone, 1)
    while ((await get(undone)).done < 5) await actions.runChunk(undone, 1)
    expect(await actions.abortAction({ ...operator, id: undone, reason: 'wait' })).toMatchObject({ state: 'aborted', done: 5, matched: 12, undo_until: null })
    expect(await actions.runChunk(undone, 500)).toBeNull()
    expect(await Promise.all(ids.map(async each => (await row(each)).state))).toEqual([...Array(5).fill('scheduled'), ...Array(7).fill('cancelled')])
    expect((await left('due_jobs')).map(due => due.job_id).sort()).toEqual(ids.slice(0, 5).sort())
    expect(await counts()).toEqual({ cancelled: 7, scheduled: 5 })
    // What is left can still be sent to run again, by an action of its own.
    expect(await run((await start({ action: 'retry', filter: { state: ['cancelled'] } })).id)).toMatchObject({ done: 7 })
  })

  it('brings thousands back, as quickly as actions may go', async () => {
    await record.database.owner.query(`
      insert into jobs (id, organization_id, queue_name, state, payload, max_retries, timeout_seconds, created_at, updated_at)
      select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - 60000), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid, $1, 'mail', 'pending', '{}', 0, 60, now(), now()
      from generate_series(1, 4500) as n`, [ORGANIZATION])
    const { id } = await start({ action: 'cancel', filter: {}, confirm: '4500' })
    await run(id)
    const { id: undone, rate } = await actions.undoAction({ ...operator, id })
    expect(rate).toBe(10_000)
    await actions.runChunk(undone, 500)
    await actions.runChunk(undone, 500)
    expect(await get(undone)).toMatchObject({ matched: 4500, done: 2000 })
    expect(await run(undone)).toMatchObject({ done: 4500, skipped: 0 })
    expect(await left('due_jobs')).toHaveLength(4500)
  })

  it('is refused an hour later', async () => {
    await make(1)
    const { id } = await start({ action: 'cancel', filter: {} })
    await run(id)
    await record.database.owner.query(`update job_actions set ended_at = now() - interval '61 minutes'`)
    await expect(actions.undoAction({ ...operator, id })).rejects.toThrow(/more than an hour ago/)
  })
})

describe('moving jobs', () => {
  it('takes waiting jobs to another queue, under its limits, gives back what they held, and brings them back', async () => {
    await record.database.owner.query(`insert into queues (organization_id, name, concurrency) values ($1, 'narrow', 1)`, [ORGANIZATION])
    const gated = await import('#server/domain/engine/dispatch-gated.ts')
    const [head, follower] = await make(2, { orderingKey: 'k', jobType: 'drill' })
    const [scheduled] = await make(1, { scheduledAt: LATER, jobType: 'drill' })
    const pair = (queue_name: string) => ({ organization_id: ORGANIZATION, queue_name })
    expect((await gated.stampGated('drill', pair('mail'))).stamped.map(each => each.id)).toEqual([head])
    const { id } = await start({ action: 'move', queue_name: 'narrow', ids: [head!, scheduled!] })
    expect(await run(id)).toMatchObject({ done: 2, queue_name: 'narrow' })
    expect(await row(head!)).toMatchObject({ queue_name: 'narrow', dispatched_at: null, gated: true, state: 'pending' })
    expect((await left('due_jobs')).find(due => due.job_id === scheduled)).toMatchObject({ queue_name: 'narrow', ready: false, gated: true })
    expect(await left('job_slots')).toEqual([])
    expect((await gated.stampGated('drill', pair('mail'))).stamped.map(each => each.id)).toEqual([follower])
    expect((await gated.stampGated('drill', pair('narrow'))).stamped.map(each => each.id)).toEqual([head])
    expect(await eventsOf(head!)).toMatchObject([{ action: 'job.moved', details: { before: 'mail', after: 'narrow', action_id: id } }])
    const { rows } = await record.database.owner.query(`select queue_name, state, sum(delta)::int as count from job_counter_deltas where state <> 'created' group by 1, 2 order by 1, 2`)
    expect(rows).toEqual([{ queue_name: 'mail', state: 'pending', count: 1 }, { queue_name: 'mail', state: 'scheduled', count: 0 }, { queue_name: 'narrow', state: 'pending', count: 1 }, { queue_name: 'narrow', state: 'scheduled', count: 1 }])
    expect(await undo(id)).toMatchObject({ done: 2 })
    expect([await row(head!), await row(scheduled!)]).toMatchObject([{ queue_name: 'mail' }, { queue_name: 'mail', state: 'scheduled' }])
  })

  it('sends a job whose hint is out already anew, and the old hint finds nothing', async () => {
    const [id] = await make(1, { jobType: 'drill', orderingKey: 'x' })
    await record.database.owner.query(`update jobs set gated = false, ordering_key = null`)
    await stamp([id!])
    await run((await start({ action: 'move', queue_name: 'there', ids: [id!] })).id)
    expect(await record.store.claimJobs([id!], crypto.randomUUID(), 30)).toEqual([])
    expect(await left('due_jobs')).toMatchObject([{ job_id: id, queue_name: 'there', ready: true, gated: false }])
  })
})
