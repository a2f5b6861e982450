import { describe, expect, it } from 'vitest'
import type { JobSummary } from '#shared/schemas/job.ts'
import type { SearchTerms } from '#shared/schemas/job-search.ts'
import type { SavedView } from '#shared/schemas/saved-view.ts'
import { call, ownerPool, send } from '../../support/shared-product.ts'

const owner = ownerPool()
const own = (what: string) => `${what}-${crypto.randomUUID().slice(0, 8)}`
const make = async (fields: Record<string, unknown>) => (await call('POST /api/v1/jobs', { body: fields as never })).body.id as string
const find = async (q: string, more = '') => (await send<JobSummary[]>(`/api/v1/jobs?q=${encodeURIComponent(q)}${more}`)).body.map(job => job.id)

describe('searching jobs', () => {
  it('finds a job by what is in its payload, as number and as text', async () => {
    const queue_name = own('search')
    const number = await make({ queue_name, payload: { user: { id: 42 }, items: [{ sku: 'a b' }] } })
    const text = await make({ queue_name, payload: { user: { id: '42' } }, tags: { env: 'prod' }, priority: 7 })
    expect(await find(`payload.user.id:42 queue:${queue_name}`)).toEqual([text, number])
    expect(await find(`payload.user.id:"42" queue:${queue_name}`)).toEqual([text])
    expect(await find(`payload.items[].sku:"a b" queue:${queue_name}`)).toEqual([number])
    expect(await find(`tag.env:prod priority:>5 age:<1h queue:${queue_name}`)).toEqual([text])
    expect(await find(`-tag:env`, `&queue=${queue_name}`)).toEqual([number])
    expect(await find(`${queue_name} -payload.user.id:43,44 state:pending,failed`)).toEqual([text, number])
    expect(await find(text.slice(0, 23), `&queue=${queue_name}`)).toContain(text)
  })

  it('finds a big number by every digit of it', async () => {
    const queue_name = own('digits')
    const send_ = (n: string) => send('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"queue_name":"${queue_name}","payload":{"n":${n}}}` })
    const { body: { id } } = await send_('9007199254740993')
    await send_('9007199254740992')
    expect(await find(`payload.n:9007199254740993 queue:${queue_name}`)).toEqual([id])
  })

  it('says how it searched, and tells nothing of it when an index answered', async () => {
    const queue_name = own('headers')
    const id = await make({ queue_name, payload: {} })
    const scanned = await send(`/api/v1/jobs?q=${encodeURIComponent(`payload.a:1 queue:${queue_name}`)}`)
    expect(scanned.headers.get('x-search')).toMatch(/^complete; looked=\d+$/)
    expect(scanned.headers.get('x-search-scans')).toBe('payload.a, queue')
    expect((await send(`/api/v1/jobs?q=${id}`)).headers.get('x-search')).toBeNull()
  })

  it.each([
    ['queue:"mail', 'character 7: The quotation mark is not closed.'], ['colour:red', 'character 1: There is no "colour:" to search by'],
    ['queue:mail state:done', 'character 18: There is no state "done"'], ['age:5', 'character 5: age needs'], ['created:2026-02-30', 'character 9: "2026-02-30" is no time'],
    ['payload..a:1', 'character 1: A path is keys with dots'], [`payload${'.a'.repeat(21)}:1`, 'at most 20 steps'], [`a ${'b '.repeat(60)}`, 'at most 40 terms'], ['x'.repeat(10_000), 'at most 2000 characters'],
    [`state:${'failed,'.repeat(60)}`, 'at most 50 values'],
  ])('refuses %s with its place and a sentence', async (q, message) => {
    const { status, body } = await send(`/api/v1/jobs?q=${encodeURIComponent(q)}`)
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'VALIDATION_ERROR' })
    expect(body.message).toContain(message)
    expect(body.details).toMatchObject([{ field: 'q' }])
  })

  it('takes every character that can be written, and never fails', async () => {
    for (let start = 1; start < 0x3000; start += 256) {
      const text = Array.from({ length: 256 }, (_, n) => String.fromCodePoint(start + n)).join('')
      for (const q of [`payload.a:"${text.replace(/["\\]/g, '\\$&')}"`, text]) expect([200, 400], q).toContain((await send(`/api/v1/jobs?limit=1&q=${encodeURIComponent(q)}`)).status)
    }
  }, 60_000)

  it('shows nothing of another organization, by scan or by index', async () => {
    const theirs = crypto.randomUUID()
    const secret = own('secret')
    await owner.query('INSERT INTO organizations (id, name, slug) VALUES ($1, $2, $2)', [theirs, secret])
    await owner.query(`INSERT INTO jobs (id, organization_id, queue_name, state, payload, last_error, failed_at, max_retries, timeout_seconds, created_at, updated_at) VALUES (gen_random_uuid(), $1, 'q', 'failed', jsonb_build_object('word', $2::text), $2, now(), 3, 300, now(), now())`, [theirs, secret])
    for (const q of [secret, `payload.word:${secret}`, `error:${secret}`, `state:failed error:${secret}`, `payload:${secret}`]) expect(await find(q), q).toEqual([])
    const { body } = await call('GET /api/v1/jobs/search-terms', { query: { q: 'payload.word:' } })
    expect(JSON.stringify(body)).not.toContain(secret)
  })
})

describe('GET /api/v1/jobs/search-terms', () => {
  const terms = async (q: string, cursor?: number) => (await call('GET /api/v1/jobs/search-terms', { query: { q, cursor } })).body as unknown as SearchTerms
  const texts = (answer: SearchTerms) => answer.items.map(item => item.text)

  it('offers qualifiers, and paths, values, queues, types and states that really occur', async () => {
    const queue_name = own('terms')
    const key = own('k')
    await make({ queue_name, payload: { [key]: { 'to whom': ['Ann Example', 7] } }, tags: { [key]: 'blue' } })
    expect(texts(await terms('que'))).toEqual(['queue:'])
    expect(texts(await terms(`queue:${queue_name.slice(0, -2)}`))).toEqual([queue_name])
    expect(texts(await terms('state:fa'))).toEqual(['failed'])
    const path = `payload.${key}."to whom"[]`
    expect(texts(await terms(`payload.${key}`))).toEqual([`${path}:`])
    expect(texts(await terms(`${path}:`)).sort()).toEqual(['"Ann Example"', '7'])
    expect(texts(await terms(`tag:${key}`))).toEqual([])
    expect(texts(await terms(`tag.${key}:`))).toEqual(['blue'])
    expect(await find(`${path}:"Ann Example" queue:${queue_name}`)).toHaveLength(1)
  })

  it('says what its words take the place of, also in the middle', async () => {
    const q = 'state:failed,comp queue:mail'
    const answer = await terms(q, 17)
    expect(texts(answer)).toEqual(['completed'])
    expect(q.slice(answer.from, answer.to)).toBe('comp')
  })
})

describe('views', () => {
  const create = async (body: Record<string, unknown>) => call('POST /api/v1/views', { body: body as never })

  it('keep a search under a name, with the address that shows it', async () => {
    const name = own('My view')
    const { status, body } = await create({ name: `  ${name} `, q: 'error:timeout age:<1h', state: ['failed', 'expired'], queue_name: 'mail' })
    expect(status).toBe(201)
    const view = body as unknown as SavedView
    expect(view).toMatchObject({ name, q: 'error:timeout age:<1h', state: ['failed', 'expired'], queue_name: 'mail', job_type: null, created_by: expect.any(String) })
    expect((await send(`/api/v1/jobs?${view.url_query}`)).status).toBe(200)
    expect((await call('GET /api/v1/views')).body).toContainEqual(view)
    const changed = await call('PATCH /api/v1/views/:id', { params: { id: view.id }, body: { q: 'runs:>2', queue_name: null } })
    expect(changed.body).toMatchObject({ id: view.id, name, q: 'runs:>2', queue_name: null, state: ['failed', 'expired'] })
    expect((await call('GET /api/v1/views/:id', { params: { id: view.id } })).body).toEqual(changed.body)
    expect((await call('DELETE /api/v1/views/:id', { params: { id: view.id } })).status).toBe(204)
    expect((await call('GET /api/v1/views/:id', { params: { id: view.id } })).status).toBe(404)
    expect((await call('DELETE /api/v1/views/:id', { params: { id: view.id } })).status).toBe(404)
  })

  it('are refused without a name, with a search that makes no sense, and with a name that is taken', async () => {
    const name = own('taken')
    expect((await create({ name: ' ' })).status).toBe(400)
    expect((await create({ name, q: 'colour:red' })).body).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ field: 'q' }] })
    expect((await create({ name })).status).toBe(201)
    expect((await create({ name })).status).toBe(409)
    const other = (await create({ name: own('other') })).body.id as string
    expect((await call('PATCH /api/v1/views/:id', { params: { id: other }, body: { name } })).status).toBe(409)
    expect((await call('PATCH /api/v1/views/:id', { params: { id: other }, body: { q: 'state:none' } })).status).toBe(400)
  })

  it('of another organization are not there', async () => {
    const id = crypto.randomUUID()
    await owner.query(`INSERT INTO saved_views (id, organization_id, name, created_by) VALUES ($1, gen_random_uuid(), 'theirs', 'them')`, [id])
    expect(JSON.stringify((await call('GET /api/v1/views')).body)).not.toContain(id)
    for (const answer of [await call('GET /api/v1/views/:id', { params: { id } }), await call('PATCH /api/v1/views/:id', { params: { id }, body: { q: 'x' } }), await call('DELETE /api/v1/views/:id', { params: { id } })]) expect(answer.status).toBe(404)
  })
})
