import { describe, expect, it } from 'vitest'
import type { BulkJobsResult } from '#shared/schemas/bulk-jobs.ts'
import type { Job } from '#shared/schemas/job.ts'
import { rawRequest } from '../../support/api.ts'
import { call, finished, ownerPool, product, send } from '../../support/shared-product.ts'

const owner = ownerPool()
const json = { 'content-type': 'application/json' }
const post = (body: unknown) => send('/api/v1/jobs/bulk', { method: 'POST', headers: json, body: JSON.stringify(body) })
/** Sends rows that the contract may not allow; the answer is held against it. */
const bulk = async (body: Record<string, unknown>) => {
  const { status, body: result } = await call('POST /api/v1/jobs/bulk', { body: body as never })
  expect(status).toBe(200)
  return result as unknown as BulkJobsResult
}
const jobOf = async (id: string) => (await call('GET /api/v1/jobs/:id', { params: { id } })).body as unknown as Job
const newQueue = () => `bulk-${crypto.randomUUID()}`
const stored = async (queue: string) => (await owner.query('SELECT count(*)::int AS jobs FROM jobs WHERE queue_name = $1', [queue])).rows[0] as { jobs: number }

describe('POST /api/v1/jobs/bulk', () => {
  it('creates 10,000 jobs in one call, in the order of the rows', async () => {
    const queue_name = newQueue()
    const result = await bulk({ queue_name, jobs: Array.from({ length: 10_000 }, (_, n) => ({ payload: { n } })) })
    expect(result).toMatchObject({ total: 10_000, success_count: 10_000, failure_count: 0, failed: [] })
    expect(result.succeeded.map(row => row.index)).toEqual(Array.from({ length: 10_000 }, (_, n) => n))
    const { rows } = await owner.query(`SELECT id, (payload->>'n')::int AS n FROM jobs WHERE queue_name = $1 ORDER BY id`, [queue_name]) as { rows: { id: string, n: number }[] }
    expect(rows.map(row => row.n)).toEqual(result.succeeded.map(row => row.index))
    expect(rows.map(row => row.id)).toEqual(result.succeeded.map(row => row.job_id))
  })

  it('runs jobs of a built-in type, with the payload each was given', async () => {
    const { succeeded } = await bulk({ job_type: 'random-text', jobs: Array.from({ length: 30 }, (_, n) => ({ payload: { length: n + 1 } })) })
    for (const { index, job_id } of succeeded) expect((await finished(job_id)).result).toHaveLength(index + 1)
  })

  it('lets a bad row fail alone and says what is wrong with it', async () => {
    const queue_name = newQueue()
    const result = await bulk({ queue_name, jobs: [
      { payload: 1 }, { payload: 'a\u0000b' }, 5, { priority: 101 }, { colour: 'red' }, { scheduled_at: '+275760-09-13T00:00:00.000Z' }, null, [],
      { job_type: 'random-text', payload: { length: 0 } }, { idempotency_key: '' }, { tags: { text: 'x'.repeat(70_000) } }, { payload: 'x'.repeat(1024 * 1024) }, { payload: 2 },
    ] })
    expect(result).toMatchObject({ total: 13, success_count: 2, failure_count: 11 })
    expect(result.succeeded.map(row => row.index)).toEqual([0, 12])
    expect(result.failed.map(row => row.index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    const errors = Object.fromEntries(result.failed.map(row => [row.index, row.error]))
    expect(errors).toMatchObject({ 1: expect.stringContaining('payload'), 3: expect.stringContaining('priority'), 4: expect.stringContaining('colour'), 5: expect.stringContaining('scheduled_at'),
      8: expect.stringContaining('payload.length'), 9: expect.stringContaining('idempotency_key'), 10: expect.stringContaining('tags'), 11: expect.stringContaining('1048576') })
    expect(await stored(queue_name)).toEqual({ jobs: 2 })
  })

  it('lets a row that only PostgreSQL can refuse fail alone', async () => {
    const queue_name = newQueue()
    const rows = Array.from({ length: 40 }, (_, n) => `{"payload":${n === 17 ? '1e999999' : n}}`)
    const { body } = await send('/api/v1/jobs/bulk', { method: 'POST', headers: json, body: `{"queue_name":"${queue_name}","jobs":[${rows.join(',')}]}` })
    expect(body).toMatchObject({ success_count: 39, failed: [{ index: 17, error: expect.stringContaining('PostgreSQL cannot hold') }] })
    expect(await stored(queue_name)).toEqual({ jobs: 39 })
  })

  it('makes one job of a key that is repeated in a call, and of the call sent again', async () => {
    const queue_name = newQueue()
    const jobs = [{ idempotency_key: `${queue_name}-a`, payload: 1 }, { idempotency_key: `${queue_name}-b` }, { idempotency_key: `${queue_name}-a`, payload: 2 }]
    const first = await bulk({ queue_name, jobs })
    const again = await bulk({ queue_name, jobs })
    expect(first.succeeded.map(row => row.created)).toEqual([true, true, false])
    expect(first.succeeded[2]!.job_id).toBe(first.succeeded[0]!.job_id)
    expect(again.succeeded).toEqual(first.succeeded.map(row => ({ ...row, created: false })))
    expect(await stored(queue_name)).toEqual({ jobs: 2 })
  })

  it('serves rows that do not say from the call, then from the queue, then from the type', async () => {
    const queue_name = newQueue()
    await call('PUT /api/v1/queues/:name/config', { params: { name: queue_name }, body: { max_retries: 9, default_timeout: 90 } })
    const { succeeded } = await bulk({ queue_name, default_priority: 4, default_max_retries: 8, jobs: [{}, { priority: -1, max_retries: 1, timeout_seconds: 2, tags: { a: 1 } }] })
    const [bare, own] = await Promise.all(succeeded.map(row => jobOf(row.job_id)))
    expect(bare).toMatchObject({ queue_name, priority: 4, max_retries: 8, timeout_seconds: 90, payload: {} })
    expect(own).toMatchObject({ queue_name, priority: -1, max_retries: 1, timeout_seconds: 2, tags: { a: 1 } })
    const single = await call('POST /api/v1/jobs', { body: { queue_name } })
    expect(await jobOf(single.body.id as string)).toMatchObject({ max_retries: 9, timeout_seconds: 90, priority: 0 })
  })

  it('lets a row go to a queue and type of its own', async () => {
    const queue_name = newQueue()
    const { succeeded } = await bulk({ jobs: [{ queue_name }, { job_type: 'random-text', payload: { length: 3 } }, { queue_name, job_type: 'random-text', payload: { length: 4 } }] })
    const jobs = await Promise.all(succeeded.map(row => jobOf(row.job_id)))
    expect(jobs).toMatchObject([{ queue_name, job_type: null }, { queue_name: 'random-text', job_type: 'random-text' }, { queue_name, job_type: 'random-text' }])
  })

  it('says of each row without a queue that it needs one', async () => {
    const { failed } = await bulk({ jobs: [{}, {}] })
    expect(failed).toEqual([0, 1].map(index => ({ index, error: expect.stringContaining('queue_name') })))
  })

  it.each([
    ['no rows', { queue_name: 'q', jobs: [] }, 'jobs'],
    ['10,001 rows', { queue_name: 'q', jobs: new Array(10_001).fill({}) }, 'jobs'],
    ['rows that are no list', { queue_name: 'q', jobs: { 0: {} } }, 'jobs'],
    ['a call without rows', { queue_name: 'q' }, 'jobs'],
    ['a queue that cannot be', { queue_name: '-', jobs: [{}] }, 'queue_name'],
    ['an unknown type', { job_type: 'mine-bitcoin', jobs: [{}] }, 'job_type'],
    ['a default out of range', { queue_name: 'q', jobs: [{}], default_priority: 101 }, 'default_priority'],
    ['an unknown field', { queue_name: 'q', jobs: [{}], colour: 'red' }, 'body'],
  ])('refuses %s as a whole', async (_what, body, field) => {
    const answer = await post(body)
    expect(answer.status).toBe(400)
    expect((answer.body.details as { field: string }[]).map(detail => detail.field)).toContain(field)
  })

  it('takes a body of 20 MB, and refuses one over 64 MiB with 413', async () => {
    const queue_name = newQueue()
    const { success_count } = await bulk({ queue_name, jobs: new Array(20).fill({ payload: 'x'.repeat(1_000_000) }) })
    expect(success_count).toBe(20)
    const body = Buffer.alloc(65 * 1024 * 1024, ' ')
    const answer = await rawRequest(product().url, '/api/v1/jobs/bulk', { method: 'POST', headers: { ...json, 'content-length': String(body.length) }, body })
    expect(answer.status).toBe(413)
  })
})
