import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Attempt, TimelineEntry } from '#shared/schemas/event.ts'
import type { Comparison } from '#shared/schemas/job-compare.ts'
import type { JobLinks } from '#shared/schemas/job-link.ts'
import type { Job } from '#shared/schemas/job.ts'
import { inState as jobInState } from '../../support/drills.ts'
import { call, ownerPool, product, send } from '../../support/shared-product.ts'

const owner = ownerPool()
const ownQueue = () => `lineage-${randomUUID().slice(0, 8)}`
const drill = async (payload: unknown, more: Record<string, unknown> = {}) => {
  const { body, text } = await call('POST /api/v1/jobs', { body: { job_type: 'drill', payload, backoff: { kind: 'fixed', base_ms: 10 }, ...more } as never })
  expect(body.id, text).toBeDefined()
  return body.id as string
}
const inState = (id: string, ...states: Job['state'][]) => jobInState(product().url, id, states)
const compare = async (id: string, query: Record<string, unknown> = {}) => {
  const { status, body, text } = await call('GET /api/v1/jobs/:id/compare', { params: { id }, query })
  expect(status, text).toBe(200)
  return body as unknown as Comparison
}
const linksOf = async (id: string) => (await call('GET /api/v1/jobs/:id/links', { params: { id } })).body as unknown as JobLinks
const storyOf = async (id: string) => (await call('GET /api/v1/jobs/:id/events', { params: { id } })).body as unknown as TimelineEntry[]
const retryWith = (id: string, payload: unknown, reason?: string) => call('POST /api/v1/jobs/:id/retry-with', { params: { id }, body: { payload, reason } as never })

describe('comparing runs', () => {
  it('puts a failed run beside the last success of its kind, and tells where payload, error and log differ', async () => {
    const queue_name = ownQueue()
    const good = await drill({ fail_times: 0, log: ['begin', 'sent', 'end'], order: { id: 7, items: ['a', 'b'] } }, { queue_name })
    await inState(good, 'completed')
    await drill({ throw: 'error', log: ['other'] }, { queue_name, max_retries: 0 })
    const bad = await drill({ fail_times: 9, log: ['begin', 'refused'], order: { id: 8, items: ['a', 'x', 'b'] } }, { queue_name, max_retries: 0, tags: { customer: 'c9' } })
    await inState(bad, 'failed')
    const found = await compare(bad, { with: 'last-success' })
    expect([found.before?.job.id, found.after.job.id, found.looked_through]).toEqual([good, bad, 20_000])
    expect(found.changes.filter(change => change.part === 'payload')).toEqual(expect.arrayContaining([
      { part: 'payload', pointer: '/order/id', kind: 'changed', before: 7, after: 8 },
      { part: 'payload', pointer: '/order/items/1', kind: 'added', after: 'x' },
      { part: 'payload', pointer: '/fail_times', kind: 'changed', before: 0, after: 9 },
    ]))
    expect(found.changes).toContainEqual({ part: 'result', pointer: '', kind: 'removed', before: { ok: true } })
    expect(found.changes).toContainEqual({ part: 'tags', pointer: '/customer', kind: 'added', after: 'c9' })
    expect(found.change_count).toBe(found.changes.length)
    expect(found.error.lines).toEqual([{ kind: 'added', before: null, after: 1, text: 'This is failure 1 of a drill.' }])
    expect(found.log.lines.map(line => `${line.kind} ${line.text}`)).toEqual(['same begin', 'removed sent', 'removed end', 'added refused'])
    for (const side of [found.before!, found.after]) {
      expect(side.run).toMatchObject({ run: 1, worker_version: expect.any(String), worker_name: expect.any(String) })
      expect(side.waited_ms).toBeGreaterThanOrEqual(0)
      expect(side.payload_bytes).toBeGreaterThan(20)
    }
  })

  it('says so when nothing of its kind completed before it', async () => {
    const id = await drill({ fail_times: 1 }, { queue_name: ownQueue(), max_retries: 0 })
    await inState(id, 'failed')
    expect(await compare(id, { with: 'last-success' })).toMatchObject({ before: null, after: { job: { id } }, looked_through: 20_000, changes: [] })
  })

  it('takes the last two runs of a job, or any two', async () => {
    const id = await drill({ fail_times: 2 })
    await inState(id, 'completed')
    const last = await compare(id)
    expect([last.before?.run?.run, last.after.run?.run, last.change_count]).toEqual([2, 3, 1])
    const asked = await compare(id, { run: 1, with_run: 2 })
    expect([asked.before?.run?.run, asked.after.run?.run]).toEqual([2, 1])
    expect(asked.error.lines.map(line => line.text)).toEqual(['This is failure 2 of a drill.', 'This is failure 1 of a drill.'])
  })

  it('compares numbers digit by digit, and cuts large values', async () => {
    const queue_name = ownQueue()
    const make = async (digits: string, text: string) => {
      const { body } = await send('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"queue_name":"${queue_name}","payload":{"n":${digits},"text":"${text}"}}` })
      return body.id as string
    }
    const [one, other] = [await make('12345678901234567890', 'x'), await make('12345678901234567891', 'y'.repeat(5000))]
    const { text } = await send(`/api/v1/jobs/${other}/compare?with=${one}`)
    expect(text).toContain('"before":12345678901234567890,"after":12345678901234567891')
    const found = await compare(other, { with: one })
    expect(found.changes.find(change => change.pointer === '/text')).toMatchObject({ before: 'x', after_cut: true })
    expect(found.after.run).toBeNull()
    expect(text.length).toBeLessThan(6000)
  })

  it('lists five hundred changes and counts the rest', async () => {
    const many = (salt: number) => ({ rows: Array.from({ length: 3000 }, (_, index) => index * 2 + salt) })
    const queue_name = ownQueue()
    const [one, other] = [await drill(many(0), { queue_name }), await drill(many(1), { queue_name })]
    const found = await compare(other, { with: one })
    expect([found.changes.length, found.change_count >= 3000]).toEqual([500, true])
  })

  it('refuses what is not there, in words', async () => {
    const id = await drill({})
    await inState(id, 'completed')
    const ask = (query: string) => send(`/api/v1/jobs/${id}/compare?${query}`)
    expect(await ask('run=9')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', message: expect.stringContaining('it ran once') } })
    expect((await ask(`with=${randomUUID()}`)).status).toBe(404)
    expect((await ask('with=yesterday')).status).toBe(400)
    expect((await ask('run=0')).status).toBe(400)
    expect((await send(`/api/v1/jobs/${randomUUID()}/compare`)).status).toBe(404)
  })

  it('does not see the jobs of another organization', async () => {
    const [organization, theirs, queue_name] = [randomUUID(), randomUUID(), ownQueue()]
    await owner.query('INSERT INTO organizations (id, name, slug) VALUES ($1, $2, $2)', [organization, queue_name])
    await owner.query(`INSERT INTO jobs (id, organization_id, queue_name, job_type, state, payload, max_retries, timeout_seconds, created_at, updated_at)
      VALUES ($1, $2, $3, 'drill', 'completed', '{"secret":1}', 3, 300, now(), now())`, [theirs.replace(/^.{8}/, '00000000'), organization, queue_name])
    const id = await drill({ fail_times: 1 }, { queue_name, max_retries: 0 })
    await inState(id, 'failed')
    expect((await compare(id, { with: 'last-success' })).before).toBeNull()
    expect((await send(`/api/v1/jobs/${id}/compare?with=${theirs}`)).status).toBe(404)
    expect((await retryWith(theirs, {})).status).toBe(404)
  })
})

describe('retrying with another payload', () => {
  it('makes a new job that runs, linked to its origin on both timelines', async () => {
    const queue_name = ownQueue()
    const id = await drill({ fail_times: 9 }, { queue_name, max_retries: 0, priority: 5, timeout_seconds: 77, tags: { customer: 'c1' } })
    await inState(id, 'failed')
    const { status, body } = await retryWith(id, { fail_times: 0 }, 'the address was wrong')
    expect([status, body.origin_id]).toEqual([201, id])
    const made = await inState(body.id as string, 'completed')
    expect(made).toMatchObject({ queue_name, job_type: 'drill', payload: { fail_times: 0 }, priority: 5, timeout_seconds: 77, max_retries: 0, tags: { customer: 'c1' } })
    expect((await inState(id, 'failed')).payload).toEqual({ fail_times: 9 })
    expect(await storyOf(id)).toContainEqual(expect.objectContaining({ kind: 'copied', actor: 'open access', job_id: made.id, reason: 'the address was wrong' }))
    expect(await storyOf(made.id)).toContainEqual(expect.objectContaining({ kind: 'made_from', job_id: id }))
    expect((await call('GET /api/v1/jobs/stats', { query: { queue_name } })).body).toMatchObject({ total: 2, completed: 1 })
  })

  it('shows the whole chain from either end', async () => {
    const first = await drill({ fail_times: 9 }, { max_retries: 0 })
    await inState(first, 'failed')
    const second = (await retryWith(first, { fail_times: 8 })).body.id as string
    await inState(second, 'failed')
    const third = (await retryWith(second, {})).body.id as string
    const up = await linksOf(third)
    expect(up.origins.map(link => [link.id, link.origin_id, link.job?.state])).toEqual([[first, null, 'failed'], [second, first, 'failed']])
    expect((await linksOf(second)).copies).toMatchObject([{ id: third, origin_id: second, actor: 'open access' }])
    expect(await linksOf(await drill({}))).toEqual({ origins: [], copies: [] })
  })

  it('keeps the link when the origin is gone', async () => {
    const queue_name = ownQueue()
    const first = await drill({ fail_times: 9 }, { queue_name, max_retries: 0 })
    await inState(first, 'failed')
    const second = (await retryWith(first, {})).body.id as string
    await inState(second, 'completed')
    await call('POST /api/v1/jobs/dlq/purge', { body: { queue_name, confirm: true } })
    expect((await linksOf(second)).origins).toMatchObject([{ id: first, job: null }])
  })

  it('keeps numbers that a double cannot hold', async () => {
    const id = await drill({ fail_times: 9 }, { max_retries: 0 })
    await inState(id, 'failed')
    const { body } = await send(`/api/v1/jobs/${id}/retry-with`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"payload":{"n":12345678901234567890}}' })
    expect((await send(`/api/v1/jobs/${body.id as string}`)).text).toContain('"n":12345678901234567890')
  })

  it('refuses a payload that the type does not take, and names the place', async () => {
    const id = await drill({ fail_times: 9 }, { max_retries: 0 })
    await inState(id, 'failed')
    expect(await retryWith(id, { sleep_ms: -1 })).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR', details: [{ field: 'payload.sleep_ms' }] } })
    expect((await send(`/api/v1/jobs/${id}/retry-with`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status).toBe(400)
    expect((await linksOf(id)).copies).toEqual([])
  })

  it('refuses a job that is not over', async () => {
    const id = await drill({}, { scheduled_at: new Date(Date.now() + 3_600_000).toISOString() })
    expect(await retryWith(id, {})).toMatchObject({ status: 409, body: { message: expect.stringContaining('scheduled') } })
  })
})

describe('the log as text', () => {
  it('holds every line with its time, of one run or of all', async () => {
    const id = await drill({ log: ['one', 'zwei ☁'], fail_times: 1 })
    await inState(id, 'completed')
    const all = await send(`/api/v1/jobs/${id}/logs.txt`)
    expect(all.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(all.headers.get('content-disposition')).toBe(`attachment; filename="job-${id}.log"`)
    expect(all.text.split('\n').map(line => line.replace(/^\S+Z /, ''))).toEqual(['run 1  one', 'run 1  zwei ☁', 'run 2  one', 'run 2  zwei ☁', ''])
    expect((await send(`/api/v1/jobs/${id}/logs.txt?run=2`)).text).toMatch(/^\S+Z one\n\S+Z zwei ☁\n$/)
    expect((await send(`/api/v1/jobs/${randomUUID()}/logs.txt`)).status).toBe(404)
    expect((await send(`/api/v1/jobs/${id}/logs.txt?run=x`)).status).toBe(400)
  })
})

describe('the worker of a run', () => {
  it('is told by name and version when its process is long gone', async () => {
    const id = await drill({ fail_times: 1 })
    const done = await inState(id, 'completed')
    const gone = randomUUID()
    await owner.query('INSERT INTO worker_records (worker_id, name, hostname, version) VALUES ($1, $2, $3, $4)', [gone, 'old one', 'host', '0.0.9'])
    await owner.query('UPDATE job_attempts SET worker_id = $2 WHERE job_id = $1', [id, gone])
    const attempts = (await call('GET /api/v1/jobs/:id/attempts', { params: { id } })).body as unknown as Attempt[]
    expect(attempts).toMatchObject([{ run: 2, worker_id: done.assigned_worker_id, worker_version: expect.stringMatching(/^\d/) }, { run: 1, worker_name: 'old one', worker_version: '0.0.9' }])
  })
})
