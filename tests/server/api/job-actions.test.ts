import { describe, expect, it } from 'vitest'
import type { JobAction, JobActionItem } from '#shared/schemas/action.ts'
import type { Job } from '#shared/schemas/job.ts'
import { call, send } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const newQueue = () => `bulk-${crypto.randomUUID()}`
const jobOf = async (id: string) => (await call('GET /api/v1/jobs/:id', { params: { id } })).body as unknown as Job
/** Jobs of nobody's type: they wait until somebody does something to them. */
const waiting = async (queue_name: string, count: number) => {
  const { body } = await call('POST /api/v1/jobs/bulk', { body: { queue_name, jobs: Array.from({ length: count }, () => ({})) } })
  return (body.succeeded as { job_id: string }[]).map(row => row.job_id)
}
const start = async (body: Record<string, unknown>) => {
  const answer = await call('POST /api/v1/job-actions', { body: body as never })
  return { ...answer, body: answer.body as unknown as JobAction }
}
const get = async (id: string) => (await call('GET /api/v1/job-actions/:id', { params: { id } })).body as unknown as JobAction
const over = (id: string) => until(async () => {
  const action = await get(id)
  return ['completed', 'aborted'].includes(action.state) && action
}, { what: 'the end of the action' })

describe('an action on many jobs', () => {
  it('says in a dry run what it would do, then does it in the background, and tells how far it is', async () => {
    const queue = newQueue()
    const ids = await waiting(queue, 25)
    const preview = await call('POST /api/v1/job-actions', { body: { action: 'cancel', filter: { queue_name: queue }, dry_run: true } })
    expect(preview.status).toBe(200)
    expect(preview.body).toMatchObject({ dry_run: true, matched: 25, is_exact: true, untouched: 0, confirm: null })
    expect((preview.body.sample as { id: string }[]).map(job => job.id)).toEqual(ids.slice(-10).reverse())
    expect(await jobOf(ids[0]!)).toMatchObject({ state: 'pending' })
    const { status, body } = await start({ action: 'cancel', filter: { queue_name: queue }, reason: 'wrong customer' })
    expect(status).toBe(202)
    expect(body).toMatchObject({ matched: 25, actor: 'open access', reason: 'wrong customer', done: 0 })
    expect(await over(body.id)).toMatchObject({ state: 'completed', done: 25, skipped: 0, failed: 0, skipped_by: {}, undo_until: expect.any(String) })
    const { body: events } = await send<Record<string, unknown>[]>(`/api/v1/jobs/${ids[3]}/events`)
    expect(events.at(-1)).toMatchObject({ kind: 'cancelled', actor: 'open access', reason: 'wrong customer', action_id: body.id })
  })

  it('is found in the list, with what became of each of its jobs', async () => {
    const queue = newQueue()
    const ids = await waiting(queue, 3)
    await call('DELETE /api/v1/jobs/:id', { params: { id: ids[1]! } })
    const { body } = await start({ action: 'priority', priority: 7, filter: { queue_name: queue } })
    await over(body.id)
    expect((await send<JobAction[]>('/api/v1/job-actions?limit=1')).body).toMatchObject([{ id: body.id, action: 'priority', priority: 7, matched: 2 }])
    const items = async (query = '') => (await send<JobActionItem[]>(`/api/v1/job-actions/${body.id}/items${query}`)).body
    expect(await items()).toMatchObject([{ job_id: ids[0], outcome: 'done', before: { priority: 0, state: 'pending' } }, { job_id: ids[2], outcome: 'done' }])
    expect(await items('?outcome=skipped')).toEqual([])
    expect(await items(`?job_id=${ids[2]}`)).toHaveLength(1)
    expect((await items('?limit=1'))[0]).toMatchObject({ job_id: ids[0] })
    expect(await jobOf(ids[2]!)).toMatchObject({ priority: 7 })
  })

  it('finds its jobs by the search language of the list', async () => {
    const queue = newQueue()
    const { body: { id: wanted } } = await call('POST /api/v1/jobs', { body: { queue_name: queue, payload: { user: { id: 42 } } } })
    await call('POST /api/v1/jobs', { body: { queue_name: queue, payload: { user: { id: 43 } } } })
    const { body } = await start({ action: 'cancel', filter: { q: 'payload.user.id:42', queue_name: queue } })
    expect(await over(body.id)).toMatchObject({ matched: 1, done: 1 })
    expect(await jobOf(wanted as string)).toMatchObject({ state: 'cancelled' })
  })

  it('moves waiting jobs to another queue and back, and each timeline tells it', async () => {
    const [from, to] = [newQueue(), newQueue()]
    const ids = await waiting(from, 2)
    const { body } = await start({ action: 'move', queue_name: to, ids })
    expect(await over(body.id)).toMatchObject({ done: 2, filter: null })
    expect(await jobOf(ids[0]!)).toMatchObject({ queue_name: to, state: 'pending' })
    expect((await call('GET /api/v1/jobs/stats', { query: { queue_name: to } })).body).toMatchObject({ pending: 2, total: 2 })
    const undo = await call('POST /api/v1/job-actions/:id/undo', { params: { id: body.id }, body: { reason: 'a mistake' } })
    expect(undo.status).toBe(202)
    expect(await over(undo.body.id as string)).toMatchObject({ action: 'undo', undoes: body.id, done: 2 })
    expect(await jobOf(ids[0]!)).toMatchObject({ queue_name: from })
    expect(await get(body.id)).toMatchObject({ undone_by: undo.body.id, undo_until: null })
    const { body: events } = await send<{ text: string }[]>(`/api/v1/jobs/${ids[0]}/events`)
    expect(events.slice(-2).map(event => event.text)).toEqual([`Moved from the queue ${from} to ${to} by open access.`, `Moved from the queue ${to} to ${from} by open access: a mistake`])
  })

  it('lets cancelled jobs wait again when it is taken back, and the timeline tells it', async () => {
    const queue = newQueue()
    const { body: { id } } = await call('POST /api/v1/jobs', { body: { queue_name: queue, scheduled_at: '2030-01-01T00:00:00Z' } })
    const { body } = await start({ action: 'cancel', ids: [id as string, crypto.randomUUID()] })
    expect(await over(body.id)).toMatchObject({ matched: 1, done: 1 })
    const { body: undo } = await call('POST /api/v1/job-actions/:id/undo', { params: { id: body.id }, body: {} })
    expect(await over(undo.id as string)).toMatchObject({ done: 1 })
    expect(await jobOf(id as string)).toMatchObject({ state: 'scheduled', completed_at: null, cancel_requested_at: null })
    const { body: events } = await send<{ kind: string }[]>(`/api/v1/jobs/${id}/events`)
    expect(events.map(event => event.kind)).toEqual(['created', 'scheduled', 'cancelled', 'restored'])
  })

  it('purges only what was confirmed by its number: one more, and nothing is touched', async () => {
    const queue = newQueue()
    const cancel = async (count: number) => over((await start({ action: 'cancel', ids: await waiting(queue, count) })).body.id)
    await cancel(3)
    const filter = { queue_name: queue, state: ['cancelled'] }
    const unconfirmed = await start({ action: 'purge', filter })
    expect(unconfirmed.status).toBe(409)
    expect(unconfirmed.body).toMatchObject({ code: 'CONFLICT', matched: 3, details: [{ field: 'confirm' }] })
    await cancel(1)
    const grown = await start({ action: 'purge', filter, confirm: '3' })
    expect(grown.status).toBe(409)
    expect(grown.body).toMatchObject({ matched: 4, message: '4 jobs match now, not 3. Look again, and confirm that number.' })
    const { body } = await start({ action: 'purge', filter, confirm: '4' })
    expect(await over(body.id)).toMatchObject({ done: 4, undo_until: null })
    expect((await call('GET /api/v1/jobs/stats', { query: { queue_name: queue } })).body).toMatchObject({ total: 0 })
    expect((await call('POST /api/v1/job-actions/:id/undo', { params: { id: body.id }, body: {} })).status).toBe(409)
  })

  it('is aborted with a reason: what is done stays, the rest stays as it was, and nothing aborts it again', async () => {
    const queue = newQueue()
    const ids = await waiting(queue, 60)
    const { body } = await start({ action: 'cancel', ids, rate: 10 })
    await until(async () => (await get(body.id)).done >= 10, { what: 'the first step' })
    const aborted = await call('POST /api/v1/job-actions/:id/abort', { params: { id: body.id }, body: { reason: 'wrong queue' } })
    expect(aborted.body).toMatchObject({ state: 'aborted', ended_by: 'open access', end_reason: 'wrong queue' })
    expect(aborted.body.done).toBeLessThan(60)
    expect(await jobOf(ids[59]!)).toMatchObject({ state: 'pending' })
    expect((await call('POST /api/v1/job-actions/:id/abort', { params: { id: body.id }, body: {} })).status).toBe(409)
  })

  it('with nothing to change is over at once', async () => {
    expect((await start({ action: 'retry', filter: { queue_name: newQueue() } })).body).toMatchObject({ state: 'completed', matched: 0, undo_until: null })
  })

  it.each([
    [{ action: 'cancel' }, 'filter'], [{ action: 'cancel', filter: {}, ids: [crypto.randomUUID()] }, 'filter'], [{ action: 'cancel', ids: [] }, 'ids'],
    [{ action: 'explode', filter: {} }, 'action'], [{ action: 'priority', filter: {} }, 'priority'], [{ action: 'cancel', filter: {}, priority: 1 }, 'priority'],
    [{ action: 'move', filter: {} }, 'queue_name'], [{ action: 'move', filter: {}, queue_name: '.x' }, 'queue_name'], [{ action: 'cancel', filter: { colour: 'red' } }, 'filter'],
    [{ action: 'cancel', filter: {}, rate: 0 }, 'rate'], [{ action: 'cancel', filter: { q: 'nosuchfield:1' } }, 'q'],
  ])('refuses %j', async (body, field) => {
    const answer = await start(body)
    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body)).toContain(field)
  })

  it('is not there for an unknown id, and refuses to move to a queue that takes no jobs', async () => {
    const id = crypto.randomUUID()
    for (const [method, path] of [['GET', ''], ['GET', '/items'], ['POST', '/abort'], ['POST', '/undo']] as const) {
      expect((await send(`/api/v1/job-actions/${id}${path}`, { method })).status, path).toBe(404)
    }
    const queue = newQueue()
    await call('PUT /api/v1/queues/:name/config', { params: { name: queue }, body: { enabled: false } })
    expect((await start({ action: 'move', queue_name: queue, filter: {} })).status).toBe(409)
  })
})
