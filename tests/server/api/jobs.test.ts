import { describe, expect, it } from 'vitest'
import type { Job, JobSummary } from '#shared/schemas/job.ts'
import { call, finished, ownerPool, send } from '../../support/shared-product.ts'
import type { Answer } from '../../support/api.ts'
import { until } from '../../support/until.ts'

const post = (body: unknown) => send('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) })
const external = (fields: Record<string, unknown> = {}) => ({ queue_name: 'emails', payload: { to: 'user@example.com', subject: 'Hello!' }, priority: 0, max_retries: 3, ...fields })
const jobOf = async (id: unknown) => (await call('GET /api/v1/jobs/:id', { params: { id: id as string } })).body as unknown as Job
const owner = ownerPool()

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
  ])('refuses %s, naming the field', async (_what, body, field) => {
    const answer = await post(body)
    expect(answer.status, answer.text).toBe(400)
    expect(answer.body).toMatchObject({ code: 'VALIDATION_ERROR' })
    expect((answer.body.details as { field: string }[]).map(detail => detail.field)).toContain(field)
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

  it.each(['status=done', 'state=done', 'limit=0', 'limit=1000', 'offset=-1', 'q=%25', 'cursor=x', 'queue_name=-'])('refuses %s instead of dropping it', async (query) => {
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
      const { rows } = await owner.query('SELECT count(*)::int AS total FROM jobs') as { rows: { total: number }[] }
      return (await call('GET /api/v1/jobs/stats')).body.total === rows[0]!.total
    }, { what: 'the stats agreeing with the table' })
  })
})

describe('numbers of the organization', () => {
  it('GET /api/v1/dashboard tells parts, counts and workers', async () => {
    const { status, body } = await call('GET /api/v1/dashboard')
    expect(status).toBe(200)
    expect(body).toMatchObject({ system: { database_status: 'healthy', cache_status: 'healthy' }, workers: { healthy: 1 } })
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
