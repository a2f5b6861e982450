import { describe, expect, it } from 'vitest'
import type { QueueSummary } from '#shared/schemas/queue.ts'
import { call, finished, ownerPool, send } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const owner = ownerPool()
const newQueue = () => ({ name: `queue-${crypto.randomUUID()}` })
const post = async (body: Record<string, unknown>) => call('POST /api/v1/jobs', { body })
const events = async (name: string) => (await owner.query('SELECT action, actor, reason, details FROM events WHERE subject_kind = $1 AND subject_id = $2 ORDER BY id', ['queue', name])).rows

describe('the rules of a queue', () => {
  it('are the defaults while nothing was said, and the queue is there from its first job', async () => {
    const params = newQueue()
    expect((await call('GET /api/v1/queues/:name', { params })).status).toBe(404)
    await post({ queue_name: params.name })
    const { status, body } = await call('GET /api/v1/queues/:name', { params })
    expect(status).toBe(200)
    expect(body).toMatchObject({ queue_name: params.name, id: params.name, configured: false, max_retries: 3, default_timeout: 300, rate_limit: null, concurrency: null, enabled: true, paused: false, pending_jobs: 1, settings: {} })
  })

  it('keep what a change does not name, and lose what it sets to null', async () => {
    const params = newQueue()
    const put = async (body: Record<string, unknown>) => (await call('PUT /api/v1/queues/:name/config', { params, body })).body
    expect(await put({ rate_limit: 50, rate_period_seconds: 60, concurrency: 4, concurrency_per_key: 2, retention_days: 7, settings: { colour: 'red' } }))
      .toMatchObject({ configured: true, rate_limit: 50, rate_period_seconds: 60, concurrency: 4, concurrency_per_key: 2, retention_days: 7, settings: { colour: 'red' }, max_retries: 3 })
    expect(await put({ queue_name: params.name, rate_limit: null, max_retries: 0, reason: 'calmer' })).toMatchObject({ rate_limit: null, concurrency: 4, max_retries: 0, settings: { colour: 'red' } })
    expect(await events(params.name)).toMatchObject([{ action: 'queue.changed', actor: 'open access' }, { action: 'queue.changed', reason: 'calmer', details: { rate_limit: null, max_retries: 0 } }])
  })

  it('give new jobs their retries and timeout', async () => {
    const { name } = newQueue()
    await call('PUT /api/v1/queues/:name/config', { params: { name }, body: { max_retries: 12, default_timeout: 34 } })
    const { body: { id } } = await post({ queue_name: name })
    const { body: { id: own } } = await post({ queue_name: name, max_retries: 1 })
    expect((await call('GET /api/v1/jobs/:id', { params: { id: id as string } })).body).toMatchObject({ max_retries: 12, timeout_seconds: 34 })
    expect((await call('GET /api/v1/jobs/:id', { params: { id: own as string } })).body).toMatchObject({ max_retries: 1, timeout_seconds: 34 })
  })

  it('can say that it takes no new jobs', async () => {
    const { name } = newQueue()
    const enable = (enabled: boolean) => call('PUT /api/v1/queues/:name/config', { params: { name }, body: { enabled } })
    await enable(false)
    const refused = await post({ queue_name: name })
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('{"enabled": true}') })
    expect((await call('POST /api/v1/jobs/bulk', { body: { queue_name: name, jobs: [{}] } })).body).toMatchObject({ failed: [{ index: 0, error: expect.stringContaining('takes no new jobs') }] })
    await enable(true)
    expect((await post({ queue_name: name })).status).toBe(201)
  })

  it.each([
    { max_retries: 101 }, { max_retries: -1 }, { default_timeout: 0 }, { default_timeout: 86_401 }, { rate_limit: 0 }, { rate_limit: 100_001 }, { rate_period_seconds: null }, { concurrency: 0 },
    { concurrency_per_key: 1.5 }, { retention_days: 0 }, { enabled: 'yes' }, { settings: [] }, { settings: { text: 'x'.repeat(70_000) } }, { settings: { text: '\0' } }, { colour: 'red' }, { queue_name: 'another' },
  ])('refuse %.60j', async (body) => {
    const { name } = newQueue()
    const answer = await send(`/api/v1/queues/${name}/config`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    expect(answer.status).toBe(400)
    expect((await call('GET /api/v1/queues/:name', { params: { name } })).status).toBe(404)
  })

  it.each(['-x', 'a%20b', '%00', 'x'.repeat(101)])('need a name that a queue may have, not %.20s', async (name) => {
    expect((await send(`/api/v1/queues/${name}`)).status).toBe(400)
  })

  it('go when nothing unfinished depends on them', async () => {
    const params = newQueue()
    await call('PUT /api/v1/queues/:name/config', { params, body: { max_retries: 5 } })
    const { body: { id } } = await post({ queue_name: params.name })
    const busy = await call('DELETE /api/v1/queues/:name', { params })
    expect(busy.status).toBe(409)
    expect(busy.body).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('1 unfinished') })
    await call('DELETE /api/v1/jobs/:id', { params: { id: id as string } })
    expect((await call('DELETE /api/v1/queues/:name', { params, query: { reason: 'old' } })).status).toBe(204)
    expect((await call('GET /api/v1/queues/:name', { params })).body).toMatchObject({ configured: false, max_retries: 3 })
    expect((await call('DELETE /api/v1/queues/:name', { params })).status).toBe(404)
    expect((await events(params.name)).at(-1)).toMatchObject({ action: 'queue.deleted', reason: 'old' })
  })
})

describe('a paused queue', () => {
  it('starts no jobs until it is resumed, and tells when, why and by whom', async () => {
    const params = newQueue()
    await call('PUT /api/v1/queues/:name/config', { params, body: {} })
    const { status, body } = await call('POST /api/v1/queues/:name/pause', { params, body: { reason: 'maintenance' } })
    expect(status).toBe(200)
    expect(body).toEqual({ queue_name: params.name, paused: true, paused_at: expect.any(String), reason: 'maintenance' })
    expect((await call('POST /api/v1/queues/:name/pause', { params })).body).toEqual(body)
    expect((await call('GET /api/v1/queues/:name', { params })).body).toMatchObject({ paused: true, paused_at: body.paused_at, pause_reason: 'maintenance', paused_by: 'open access' })

    const { body: { id } } = await post({ queue_name: params.name, job_type: 'random-text' })
    const { body: { id: other } } = await post({ job_type: 'random-text' })
    await finished(other as string)
    expect((await call('GET /api/v1/jobs/:id', { params: { id: id as string } })).body).toMatchObject({ state: 'pending', attempt: 0 })
    await until(async () => ((await call('GET /api/v1/dashboard')).body.queues as { name: string, paused: boolean }[]).every(queue => queue.name !== params.name || queue.paused), { what: 'the overview telling the pause' })

    expect((await call('POST /api/v1/queues/:name/resume', { params })).body).toEqual({ queue_name: params.name, resumed: true, paused_duration_secs: expect.any(Number) })
    expect((await call('POST /api/v1/queues/:name/resume', { params })).body).toMatchObject({ resumed: false })
    expect(await finished(id as string)).toMatchObject({ status: 'completed' })
    expect((await events(params.name)).map(event => (event as { action: string }).action)).toEqual(['queue.changed', 'queue.paused', 'queue.resumed'])
  })

  it('must be a queue that is known, and takes a reason of at most 500 characters', async () => {
    expect((await call('POST /api/v1/queues/:name/pause', { params: newQueue() })).status).toBe(404)
    expect((await call('POST /api/v1/queues/:name/resume', { params: newQueue() })).status).toBe(404)
    expect((await call('POST /api/v1/queues/:name/pause', { params: { name: 'random-text' }, body: { reason: 'x'.repeat(501) } })).status).toBe(400)
  })
})

describe('GET /api/v1/queues', () => {
  it('lists by name every queue that is configured or has jobs, page by page', async () => {
    const start = `list-${crypto.randomUUID()}`
    await post({ queue_name: `${start}-b` })
    await call('PUT /api/v1/queues/:name/config', { params: { name: `${start}-a` }, body: { concurrency: 1 } })
    const seen: QueueSummary[] = []
    let path: string | undefined = '/api/v1/queues?limit=3'
    for (let pages = 0; path && pages < 200; pages++) {
      const { body, headers }: { body: QueueSummary[], headers: Headers } = await send<QueueSummary[]>(path)
      seen.push(...body)
      path = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
    }
    const names = seen.map(queue => queue.queue_name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(seen.filter(queue => queue.queue_name.startsWith(start))).toMatchObject([{ queue_name: `${start}-a`, configured: true, concurrency: 1 }, { queue_name: `${start}-b`, configured: false, pending_jobs: 1 }])
    expect((await send('/api/v1/queues?cursor=%2F')).status).toBe(400)
  })
})

describe('GET /api/v1/queues/:name/stats', () => {
  it('counts what waits, what ended and who works', async () => {
    const { name } = newQueue()
    const { body: { id } } = await post({ queue_name: name, job_type: 'random-text' })
    await post({ queue_name: name })
    await post({ queue_name: name, scheduled_at: new Date(Date.now() + 3_600_000).toISOString() })
    await finished(id as string)
    const stats = await until(async () => {
      const { body } = await call('GET /api/v1/queues/:name/stats', { params: { name } })
      return body.completed_jobs_24h === 1 && body
    }, { what: 'the completed job in the stats' })
    expect(stats).toMatchObject({ queue_name: name, pending_jobs: 1, scheduled_jobs: 1, processing_jobs: 0, deadletter_jobs: 0, failed_jobs_24h: 0, active_workers: 1, avg_processing_time_ms: expect.any(Number) })
  })

  it('is 404 for a queue that nobody knows', async () => {
    expect((await call('GET /api/v1/queues/:name/stats', { params: newQueue() })).status).toBe(404)
  })
})
