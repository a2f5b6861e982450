import { describe, expect, it } from 'vitest'
import { call, finished, send } from '../../support/shared-product.ts'

const RANGE = /1 (to|and) 1,?000,?000/

describe('POST /api/jobs/random-text', () => {
  it('answers 202 with the id under the three names its clients read', async () => {
    const { status, body } = await call('POST /api/jobs/random-text')
    expect(status).toBe(202)
    expect(body).toEqual({ id: body.id, job_id: body.id, jobId: body.id, status: 'pending' })
    expect(body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  })

  it('makes a text of 100 characters when no length is given', async () => {
    const { body } = await send('/api/jobs/random-text', { method: 'POST' })
    expect((await finished(body.id as string)).result).toHaveLength(100)
  })

  it.each([1, 7, 4096, 1_000_000])('makes a text of exactly %i characters', async (length) => {
    const { body } = await call('POST /api/jobs/random-text', { query: { length: String(length) } })
    const job = await finished(body.id as string)
    expect(job.status).toBe('completed')
    expect(job.result).toHaveLength(length)
    expect(job.progress).toBe(1)
  })

  it('takes length and seed from a JSON body', async () => {
    const { body } = await call('POST /api/jobs/random-text', { body: { length: 12, seed: 'cloud' } })
    expect((await finished(body.id as string)).result).toHaveLength(12)
  })

  it('makes the same text from the same seed and another from another', async () => {
    const ids = await Promise.all(['dusk', 'dusk', 'dawn'].map(async seed => (await call('POST /api/jobs/random-text', { body: { length: 300, seed } })).body.id as string))
    const [first, second, third] = await Promise.all(ids.map(async id => (await finished(id)).result))
    expect(first).toBe(second)
    expect(third).not.toBe(first)
  })

  it.each(['0', '-1', '1000001', '1.5', '1e3', '0x10', ' 5', 'abc', '', '٣'])('refuses length=%j in the query and names the range', async (length) => {
    const { status, body } = await send(`/api/jobs/random-text?length=${encodeURIComponent(length)}`, { method: 'POST' })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ field: 'length' }] })
    expect(body.message).toMatch(RANGE)
  })

  it.each([0, -1, 1_000_001, 1.5, '5', null, true, [5], { n: 5 }])('refuses a length of %j in the body', async (length) => {
    const { status, body } = await send('/api/jobs/random-text', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ length }) })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ field: 'length' }] })
    expect(body.message).toMatch(RANGE)
  })

  it('refuses a field it does not know instead of dropping it', async () => {
    const { status, body } = await send('/api/jobs/random-text', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"lenght":5}' })
    expect(status).toBe(400)
    expect(body.message).toContain('lenght')
  })
})

describe('GET /api/random-text', () => {
  it('creates a job like the path it succeeded', async () => {
    const { status, body } = await call('GET /api/random-text', { query: { length: '8' } })
    expect(status).toBe(202)
    expect((await finished(body.id as string)).result).toHaveLength(8)
  })

  it('refuses a wrong length', async () => {
    expect((await send('/api/random-text?length=many')).status).toBe(400)
  })
})

describe('GET /api/jobs', () => {
  it('lists the newest first and pages without gap or repeat', async () => {
    const made: string[] = []
    for (let n = 0; n < 5; n++) made.unshift((await call('POST /api/jobs/random-text')).body.id as string)
    const seen: string[] = []
    let cursor: string | null | undefined
    // Other files make jobs meanwhile.
    while (made.some(id => !seen.includes(id))) {
      const { body } = await call('GET /api/jobs', { query: { limit: 2, ...(cursor ? { cursor } : {}) } })
      expect(body.count).toBe((body.jobs as unknown[]).length)
      seen.push(...(body.jobs as { id: string }[]).map(job => job.id))
      cursor = body.next_cursor as string | null
      if (!cursor) break
    }
    expect(seen.filter(id => made.includes(id))).toEqual(made)
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('filters by status and type', async () => {
    await finished((await call('POST /api/jobs/random-text')).body.id as string)
    const { body } = await call('GET /api/jobs', { query: { status: 'completed', type: 'random-text', limit: 5 } })
    const jobs = body.jobs as { status: string, type: string }[]
    expect(jobs.length).toBeGreaterThan(0)
    for (const job of jobs) expect(job).toMatchObject({ status: 'completed', type: 'random-text' })
  })

  it.each(['status=done', 'limit=0', 'limit=101', 'limit=x', 'cursor=nonsense'])('refuses %s', async (query) => {
    const { status, body } = await send(`/api/jobs?${query}`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ field: query.split('=')[0] }] })
  })
})

describe('GET /api/jobs/:id', () => {
  it('tells the whole life of a job', async () => {
    const { body } = await call('POST /api/jobs/random-text', { query: { length: '3' } })
    const job = await finished(body.id as string)
    expect(job).toMatchObject({ id: body.id, status: 'completed', type: 'random-text', attempts: 1 })
    const times = [job.created_at, job.started_at!, job.completed_at!]
    expect(times).toEqual([...times].sort())
  })

  it('answers 404 for an id that no job has, and 400 for what is no id', async () => {
    expect((await send(`/api/jobs/${crypto.randomUUID()}`)).body).toMatchObject({ code: 'NOT_FOUND' })
    expect((await send('/api/jobs/not-an-id')).status).toBe(400)
  })
})
