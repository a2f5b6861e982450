import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_ORGANIZATION_ID } from '#server/domain/access/resolve-caller.ts'
import type { Job, JobSummary } from '#shared/schemas/job.ts'
import { call, finished, ownerPool, send } from '../../support/shared-product.ts'
import type { Answer } from '../../support/api.ts'
import { until } from '../../support/until.ts'

const post = (body: unknown) => send('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) })
const external = (fields: Record<string, unknown> = {}) => ({ queue_name: 'emails', payload: { to: 'user@example.com', subject: 'Hello!' }, priority: 0, max_retries: 3, ...fields })
const jobOf = async (id: unknown) => (await call('GET /api/v1/jobs/:id', { params: { id: id as string } })).body as unknown as Job
const owner = ownerPool()
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()

describe('POST /api/v1/jobs', () => {
  it('creates a job for external workers, which waits', async () => {
    const { status, body } = await post(external())
    expect(status).toBe(201)
    expect(body).toEqual({ id: body.id, created: true })
    expect(await jobOf(body.id)).toMatchObject({ queue_name: 'emails', job_type: null, status: 'pending', state: 'pending', payload: { to: 'user@example.com', subject: 'Hello!' }, attempt: 0, max_retries: 3 })
  })

  it('runs a job of a built-in type', async () => {
    const { body } = await post({ job_type: 'random-text', payload: { length: 9 } })
    await finished(body.id as string)
    const job = await jobOf(body.id)
    expect(job).toMatchObject({ queue_name: 'random-text', status: 'completed', state: 'completed', attempt: 1, retry_count: 0 })
    expect(job.result).toHaveLength(9)
  })

  it('answers a repeated idempotency key with the first job and 200', async () => {
    const key = crypto.randomUUID()
    const first = await post(external({ idempotency_key: key }))
    const second = await post(external({ idempotency_key: key, payload: { other: true } }))
    expect(first.status).toBe(201)
    expect(second.status).toBe(200)
    expect(second.body).toEqual({ id: first.body.id, created: false })
  })

  it('makes one job of many requests with one idempotency key at the same moment', async () => {
    const key = crypto.randomUUID()
    const answers = await Promise.all(Array.from({ length: 40 }, () => post(external({ idempotency_key: key }))))
    expect(new Set(answers.map(answer => answer.body.id)).size).toBe(1)
    expect(answers.filter(answer => answer.status === 201)).toHaveLength(1)
    const { rows } = await owner.query('SELECT count(*)::int AS jobs FROM jobs WHERE idempotency_key = $1', [key])
    expect(rows).toEqual([{ jobs: 1 }])
  })

  it('accepts every one of many jobs that arrive together', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => post(external({ queue_name: 'burst', payload: { n } }))))
    expect(answers.every(answer => answer.status === 201)).toBe(true)
    const { rows } = await owner.query(`SELECT count(DISTINCT payload->>'n')::int AS jobs FROM jobs WHERE queue_name = 'burst'`)
    expect(rows).toEqual([{ jobs: 200 }])
  })

  it('holds a job of the future back', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString()
    const { body } = await post({ job_type: 'random-text', payload: {}, scheduled_at: at })
    expect(await jobOf(body.id)).toMatchObject({ status: 'scheduled', state: 'scheduled', scheduled_at: at })
  })

  it('runs a job at its time', async () => {
    const { body } = await post({ job_type: 'random-text', payload: { length: 4 }, scheduled_at: new Date(Date.now() + 1200).toISOString() })
    expect((await jobOf(body.id)).state).toBe('scheduled')
    const job = await finished(body.id as string)
    expect(Date.parse(job.started_at!) - Date.parse(job.created_at)).toBeGreaterThan(1000)
  })

  it.each([
    ['neither queue nor type', { payload: {} }, 'queue_name'],
    ['a name no queue may have', external({ queue_name: '-x y' }), 'queue_name'],
    ['an unknown type', { job_type: 'mine-bitcoin', payload: {} }, 'job_type'],
    ['a priority over 100', external({ priority: 101 }), 'priority'],
    ['negative retries', external({ max_retries: -1 }), 'max_retries'],
    ['a time that is none', external({ scheduled_at: 'tomorrow' }), 'scheduled_at'],
    ['an unknown field', external({ colour: 'red' }), 'body'],
    ['a payload its type does not take', { job_type: 'random-text', payload: { length: 0 } }, 'payload.length'],
    ['text that PostgreSQL cannot hold', external({ payload: { text: 'a\u0000b' } }), 'payload'],
    ['half a character', '{"queue_name":"emails","payload":{"text":"\\ud800"}}', 'payload'],
    ['a payload nested 300 deep', `{"queue_name":"emails","payload":${'['.repeat(300)}${']'.repeat(300)}}`, 'payload'],
    ['the year 275760', external({ scheduled_at: '+275760-09-13T00:00:00.000Z' }), 'scheduled_at'],
    ['the year 0', external({ scheduled_at: '0000-01-01T00:00:00.000Z' }), 'scheduled_at'],
    ['a moment that is in year 10000 elsewhere', external({ expires_at: '9999-12-31T23:59:59.999-12:00' }), 'expires_at'],
    ['February 30', external({ scheduled_at: '2027-02-30T00:00:00Z' }), 'scheduled_at'],
    ['a start in eleven years', external({ scheduled_at: inHours(11 * 366 * 24) }), 'scheduled_at'],
    ['an end in the past', external({ expires_at: inHours(-1) }), 'expires_at'],
    ['an end before the start', external({ scheduled_at: inHours(2), expires_at: inHours(1) }), 'expires_at'],
    ['1 MB of tags', external({ tags: { text: 'x'.repeat(1_000_000) } }), 'tags'],
    ['tags that are a list', external({ tags: ['a'] }), 'tags'],
    ['tags with half a character', '{"queue_name":"emails","tags":{"text":"\\ud800"}}', 'tags'],
    ['a backoff with 101 delays', external({ backoff: { kind: 'custom', delays_ms: new Array(101).fill(1) } }), 'backoff.delays_ms'],
    ['a backoff with 300,000 delays', external({ backoff: { kind: 'custom', delays_ms: new Array(300_000).fill(1) } }), 'backoff.delays_ms'],
    ['a custom backoff without delays', external({ backoff: { kind: 'custom' } }), 'backoff.delays_ms'],
    ['delays of another backoff', external({ backoff: { kind: 'fixed', delays_ms: [1] } }), 'backoff.delays_ms'],
    ['a backoff below zero', external({ backoff: { kind: 'fixed', base_ms: -1 } }), 'backoff.base_ms'],
    ['an idempotency key with a zero byte', external({ idempotency_key: 'a\u0000b' }), 'idempotency_key'],
    ['an empty idempotency key', external({ idempotency_key: '' }), 'idempotency_key'],
    ['an idempotency key of 256 characters', external({ idempotency_key: 'x'.repeat(256) }), 'idempotency_key'],
    ['a window without a key', external({ idempotency_window_seconds: 60 }), 'idempotency_window_seconds'],
    ['an ordering key of 256 characters', external({ ordering_key: 'x'.repeat(256) }), 'ordering_key'],
    ['a priority that is no whole number', external({ priority: 1.5 }), 'priority'],
    ['a timeout of two days', external({ timeout_seconds: 172_800 }), 'timeout_seconds'],
  ])('refuses %s, naming the field', async (_what, body, field) => {
    const answer = await post(body)
    expect(answer.status, answer.text).toBe(400)
    expect(answer.body).toMatchObject({ code: 'VALIDATION_ERROR' })
    expect((answer.body.details as { field: string }[]).map(detail => detail.field)).toContain(field)
  })

  it('refuses a payload over 1 MiB with 413', async () => {
    const answer = await post(external({ payload: 'x'.repeat(1024 * 1024) }))
    expect(answer.status).toBe(413)
    expect(answer.body).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  })

  it('refuses a number that PostgreSQL cannot hold', async () => {
    const answer = await post('{"queue_name":"emails","payload":[1e999999]}')
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'VALIDATION_ERROR' })
  })

  it('stores nothing of what it refuses', async () => {
    const queue_name = `refused-${crypto.randomUUID()}`
    const answers = await Promise.all([
      post({ queue_name, tags: { text: 'x'.repeat(1_000_000) } }), post({ queue_name, scheduled_at: '+275760-09-13T00:00:00.000Z' }), post({ queue_name, payload: 'x'.repeat(1024 * 1024) }),
      post({ queue_name, idempotency_key: `${queue_name}\u0000` }), post({ queue_name, priority: 1000 }), post(`{"queue_name":"${queue_name}","payload":[1e999999]}`),
    ])
    expect(answers.map(answer => answer.status)).toEqual([400, 400, 413, 400, 400, 400])
    const { rows } = await owner.query('SELECT count(*)::int AS jobs FROM jobs WHERE queue_name = $1', [queue_name])
    expect(rows).toEqual([{ jobs: 0 }])
  })

  it('takes an idempotency key with any byte but zero, and tells each from the others', async () => {
    const start = crypto.randomUUID()
    const keys = Array.from({ length: 255 }, (_, byte) => `${start}${String.fromCharCode(byte + 1)}`)
    const first = await Promise.all(keys.map(idempotency_key => post(external({ queue_name: 'bytes', idempotency_key }))))
    expect(new Set(first.map(answer => answer.body.id)).size).toBe(255)
    const again = await Promise.all(keys.map(idempotency_key => post(external({ queue_name: 'bytes', idempotency_key }))))
    expect(again.map(answer => answer.body)).toEqual(first.map(({ body }) => ({ id: body.id, created: false })))
  })

  it('takes a time with any offset and shows it in UTC', async () => {
    const { body } = await post(external({ scheduled_at: '2030-06-01T12:00:00+05:30', expires_at: '2030-06-02T00:00:00.5Z' }))
    expect(await jobOf(body.id)).toMatchObject({ scheduled_at: '2030-06-01T06:30:00.000Z', expires_at: '2030-06-02T00:00:00.500Z' })
  })

  it('keeps what it is told about retries, keys and tags', async () => {
    const fields = {
      priority: -7, max_retries: 0, timeout_seconds: 86_400, tags: { customer: 'c-1', 'big': 9007199254740991, 'nested': { a: [null] } }, ordering_key: 'account 9', concurrency_key: '🌩️',
      backoff: { kind: 'custom', base_ms: 1000, factor: 2, max_ms: 60_000, jitter: 0, delays_ms: [1, 604_800_000] },
    }
    const { body } = await post(external(fields))
    expect(await jobOf(body.id)).toMatchObject({ ...fields, crashes: 0, snoozes: 0, cancel_requested_at: null, expires_at: null })
  })

  it('shows a job whose time is over as expired', async () => {
    const { body } = await post(external({ expires_at: new Date(Date.now() + 1000).toISOString() }))
    expect(await jobOf(body.id)).not.toHaveProperty('expired')
    const job = await until(async () => {
      const seen = await jobOf(body.id)
      return seen.state === 'expired' && seen
    }, { what: 'the job expiring' })
    expect(job).toMatchObject({ status: 'cancelled', expired: true })
  })

  it('keeps a big number, an emoji and every kind of JSON as sent', async () => {
    const payload = { n: 9007199254740991, f: 0.1, text: '🌩️ „Wolke“', nothing: null, list: [1, [2, [3]]], empty: {}, '': 'no name' }
    const { body } = await post(external({ payload }))
    expect((await jobOf(body.id)).payload).toEqual(payload)
  })
})

describe('GET /api/v1/jobs', () => {
  it('lists a bare array, newest first, with the next page in X-Next-Cursor and Link', async () => {
    const queue_name = `page-${crypto.randomUUID()}`
    const made: unknown[] = []
    for (let n = 0; n < 5; n++) made.unshift((await post(external({ queue_name }))).body.id)
    const seen: string[] = []
    let path: string | undefined = `/api/v1/jobs?queue_name=${queue_name}&limit=2`
    for (let pages = 0; path && pages < 5; pages++) {
      const { body, headers }: Answer<JobSummary[]> = await send<JobSummary[]>(path)
      seen.push(...body.map(job => job.id))
      path = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
      expect(path === undefined).toBe(headers.get('x-next-cursor') === null)
    }
    expect(seen).toEqual(made)
  })

  it('filters by queue, type, status, state and the beginning of an id', async () => {
    const queue_name = `filter-${crypto.randomUUID()}`
    const { body: { id } } = await post(external({ queue_name }))
    const find = async (query: string) => (await send<JobSummary[]>(`/api/v1/jobs?queue=${queue_name}&${query}`)).body.map(job => job.id)
    expect(await find('status=pending')).toEqual([id])
    expect(await find('state=pending,blocked')).toEqual([id])
    expect(await find('state=pending&state=failed')).toEqual([id])
    expect(await find('status=completed')).toEqual([])
    expect(await find('job_type=random-text')).toEqual([])
    expect(await find(`q=${(id as string).slice(0, 30)}`)).toEqual([id])
    expect(await find('offset=1')).toEqual([])
  })

  it('filters by tag, by its key or its value', async () => {
    const queue_name = `tags-${crypto.randomUUID()}`
    const make = async (tags?: Record<string, unknown>) => (await post(external({ queue_name, tags }))).body.id
    const [blue, red, five] = [await make({ 'colour': 'blue', 'a:b': true }), await make({ colour: 'red' }), await make({ number: 5 })]
    await make()
    const find = async (tag: string, more = '') => (await send<JobSummary[]>(`/api/v1/jobs?queue=${queue_name}&tag=${encodeURIComponent(tag)}${more}`)).body.map(job => job.id)
    expect(await find('colour')).toEqual([red, blue])
    expect(await find('colour:red')).toEqual([red])
    expect(await find('number:5')).toEqual([five])
    expect(await find('colour:')).toEqual([])
    expect(await find('size')).toEqual([])
    expect(await find('colour', '&limit=1')).toEqual([red])
    expect(await find('colour', '&offset=1')).toEqual([blue])
    expect(await find('colour', `&cursor=${String(red)}`)).toEqual([blue])
    expect(await find('colour', '&status=completed')).toEqual([])
  })

  it.each(['tag=', 'tag=:x', 'tag=%00', 'status=done', 'state=done', 'limit=0', 'limit=1000', 'offset=-1', 'q=%22', 'q=state:done', `q=${'x'.repeat(2001)}`, 'q=%00', 'cursor=x', 'queue_name=-'])('refuses %s instead of dropping it', async (query) => {
    const { status, body } = await send(`/api/v1/jobs?${query}`)
    expect(status).toBe(400)
    expect(body.code).toBe('VALIDATION_ERROR')
  })
})

describe('GET /api/v1/jobs/stats', () => {
  it('counts by status and by state, and a job moves from one to the other', async () => {
    const queue_name = `stats-${crypto.randomUUID()}`
    await Promise.all([post(external({ queue_name })), post(external({ queue_name })), post({ queue_name, job_type: 'random-text', payload: {} })])
    const stats = await until(async () => {
      const { body } = await call('GET /api/v1/jobs/stats', { query: { queue_name } })
      return body.completed === 1 && body
    }, { what: 'one completed job in the stats' })
    expect(stats).toMatchObject({ pending: 2, processing: 0, completed: 1, failed: 0, deadletter: 0, total: 3, states: { pending: 2, completed: 1, running: 0 } })
  })

  it('agrees with the rows', async () => {
    await until(async () => {
      const { rows } = await owner.query('SELECT count(*)::int AS total FROM jobs WHERE organization_id = $1', [DEFAULT_ORGANIZATION_ID]) as { rows: { total: number }[] }
      return (await call('GET /api/v1/jobs/stats')).body.total === rows[0]!.total
    }, { what: 'the stats agreeing with the table' })
  })
})

describe('operating a job', () => {
  const made = async (fields: Record<string, unknown> = {}) => ({ id: (await post(external(fields))).body.id as string })
  const reason = 'the customer asked'

  it('DELETE cancels a waiting job, and is a conflict for one that is over', async () => {
    const params = await made()
    expect((await call('DELETE /api/v1/jobs/:id', { params, query: { reason } })).status).toBe(204)
    expect(await jobOf(params.id)).toMatchObject({ state: 'cancelled', status: 'cancelled', completed_at: expect.any(String) })
    const again = await call('DELETE /api/v1/jobs/:id', { params })
    expect(again.status).toBe(409)
    expect(again.body).toMatchObject({ code: 'CONFLICT' })
  })

  it('POST cancel answers the job, also for one of the future', async () => {
    const params = await made({ scheduled_at: inHours(1) })
    const { status, body } = await call('POST /api/v1/jobs/:id/cancel', { params, body: { reason } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: params.id, state: 'cancelled' })
  })

  it('tells a running job to stop', async () => {
    const { body: { id } } = await post({ job_type: 'drill', payload: { sleep_ms: 600_000 } })
    const params = { id: id as string }
    await until(async () => (await jobOf(id)).state === 'running', { what: 'the job running' })
    const { status, body } = await call('POST /api/v1/jobs/:id/cancel', { params })
    expect(status).toBe(200)
    expect(['running', 'cancelled']).toContain(body.state)
    expect(body.cancel_requested_at ?? body.completed_at).toEqual(expect.any(String))
    await until(async () => (await jobOf(id)).state === 'cancelled', { what: 'the running job stopping' })
  })

  it('POST retry runs a cancelled job again, and is a conflict for one that waits', async () => {
    const params = await made()
    expect((await call('POST /api/v1/jobs/:id/retry', { params })).status).toBe(409)
    await call('DELETE /api/v1/jobs/:id', { params })
    const { status, body } = await call('POST /api/v1/jobs/:id/retry', { params, body: { reason } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: params.id, state: 'pending', completed_at: null })
  })

  it('PUT priority changes that of a waiting job only', async () => {
    const params = await made({ priority: 3 })
    const { body } = await call('PUT /api/v1/jobs/:id/priority', { params, body: { priority: -100 } })
    expect(body).toEqual({ job_id: params.id, old_priority: 3, new_priority: -100 })
    expect((await jobOf(params.id)).priority).toBe(-100)
    await call('DELETE /api/v1/jobs/:id', { params })
    expect((await call('PUT /api/v1/jobs/:id/priority', { params, body: { priority: 1 } })).status).toBe(409)
  })

  it.each([{ priority: 101 }, { priority: '1' }, {}, { priority: 1, colour: 'red' }])('PUT priority refuses %j', async (body) => {
    const params = await made()
    const answer = await send(`/api/v1/jobs/${params.id}/priority`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    expect(answer.status).toBe(400)
    expect((await jobOf(params.id)).priority).toBe(0)
  })

  it('GET status answers in the order asked, leaves out what is not known, and takes an id in capitals', async () => {
    const [one, two] = [await made({ queue_name: 'one' }), await made({ queue_name: 'two' })]
    const { body } = await call('GET /api/v1/jobs/status', { query: { ids: `${two.id},${crypto.randomUUID()},${one.id.toUpperCase()},${two.id}` } })
    expect(body).toMatchObject([{ id: two.id, queue_name: 'two', status: 'pending', retry_count: 0, completed_at: null }, { id: one.id, queue_name: 'one' }])
  })

  it.each(['', 'ids=', 'ids=x', `ids=${new Array(101).fill('01a1fd8a-ffc6-7379-841c-0345f9c40f3e').join(',')}`])('GET status refuses ?%.20s', async (query) => {
    expect((await send(`/api/v1/jobs/status?${query}`)).status).toBe(400)
  })
})

describe('a job of another organization', () => {
  const theirs = crypto.randomUUID()
  beforeAll(async () => {
    await owner.query(`INSERT INTO jobs (id, organization_id, queue_name, state, payload, tags, max_retries, timeout_seconds, failed_at, created_at, updated_at)
      VALUES ($1, $2, 'secret-queue', 'failed', '{"secret":true}', '{"secret":true}', 3, 300, now(), now(), now())`, [theirs, crypto.randomUUID()])
  })
  afterAll(() => owner.query('DELETE FROM jobs WHERE id = $1', [theirs]))

  it.each(['GET /api/v1/jobs/:id', 'GET /api/v1/jobs/:id/attempts', 'GET /api/v1/jobs/:id/logs', 'GET /api/v1/jobs/:id/events',
    'DELETE /api/v1/jobs/:id', 'POST /api/v1/jobs/:id/cancel', 'POST /api/v1/jobs/:id/retry'] as const)('is not there for %s', async (operation) => {
    const { status, body } = await call(operation, { params: { id: theirs } })
    expect(status).toBe(404)
    expect(body).toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is not there for its priority, the status list, the lists, the dead letter and its queue', async () => {
    expect((await call('PUT /api/v1/jobs/:id/priority', { params: { id: theirs }, body: { priority: 1 } })).status).toBe(404)
    expect((await call('GET /api/v1/jobs/status', { query: { ids: theirs } })).body).toEqual([])
    for (const path of ['/api/v1/jobs?queue=secret-queue', '/api/v1/jobs?tag=secret', '/api/v1/jobs/dlq?queue_name=secret-queue']) expect((await send(path)).body, path).toEqual([])
    expect((await call('POST /api/v1/jobs/dlq/retry', { body: { job_ids: [theirs] } })).body).toEqual({ retried_count: 0, retried_jobs: [] })
    expect((await call('POST /api/v1/jobs/dlq/purge', { body: { queue_name: 'secret-queue', confirm: true } })).body).toEqual({ purged_count: 0 })
    expect((await call('GET /api/v1/queues/:name', { params: { name: 'secret-queue' } })).status).toBe(404)
  })

  it('was changed by none of this', async () => {
    const { rows } = await owner.query('SELECT state, priority FROM jobs WHERE id = $1', [theirs])
    expect(rows).toEqual([{ state: 'failed', priority: 0 }])
  })
})

describe('numbers of the organization', () => {
  it('GET /api/v1/dashboard tells parts, counts and workers', async () => {
    const { status, body } = await call('GET /api/v1/dashboard')
    expect(status).toBe(200)
    expect(body).toMatchObject({ system: { database_status: 'healthy', cache_status: 'healthy' }, workers: { healthy: expect.any(Number) as number } })
    // The code worker is one too, once it has proved its sandbox.
    expect((body.workers as { healthy: number }).healthy).toBeGreaterThanOrEqual(1)
  })

  it('GET /api/v1/series has a point per step and counts what just happened', async () => {
    await finished((await call('POST /api/jobs/random-text')).body.id as string)
    const { body } = await call('GET /api/v1/series', { query: { metric: 'completed,created', range: '1h' } })
    const { series, step_seconds } = body as { series: { metric: string, points: number[] }[], step_seconds: number }
    expect(series.map(row => row.metric)).toEqual(['completed', 'created'])
    for (const { points } of series) {
      expect(points.length).toBe(3600 / step_seconds)
      expect(points.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0)
    }
  })

  it.each(['metric=beauty', 'range=1y', 'metric='])('GET /api/v1/series refuses %s', async (query) => {
    expect((await send(`/api/v1/series?${query}`)).status).toBe(400)
  })
})
