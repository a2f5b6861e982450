import { describe, expect, it } from 'vitest'
import type { Job, JobSummary } from '#shared/schemas/job.ts'
import { call, ownerPool, send } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const owner = ownerPool()
const jobOf = async (id: string) => (await call('GET /api/v1/jobs/:id', { params: { id } })).body as unknown as Job
const newQueue = () => `dead-${crypto.randomUUID()}`

/** Makes jobs that fail for good and waits until they have; oldest first. */
async function failedJobs(queue_name: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const { body } = await call('POST /api/v1/jobs', { body: { queue_name, job_type: 'drill', payload: { fail_times: 1000, retryable: false } } })
    ids.push(body.id as string)
  }
  await until(async () => {
    const { body } = await call('GET /api/v1/jobs/stats', { query: { queue_name } })
    return body.deadletter === count
  }, { what: `${count} jobs in the dead letter` })
  return ids
}
const deadIn = async (queue_name: string) => (await send<JobSummary[]>(`/api/v1/jobs/dlq?queue_name=${queue_name}`)).body.map(job => job.id)

describe('the dead letter', () => {
  it('lists failed jobs, newest first, page by page', async () => {
    const queue_name = newQueue()
    const ids = await failedJobs(queue_name, 3)
    const first = await send<JobSummary[]>(`/api/v1/jobs/dlq?queue_name=${queue_name}&limit=2`)
    expect(first.body.map(job => job.id)).toEqual([ids[2], ids[1]])
    expect(first.body[0]).toMatchObject({ status: 'deadletter', state: 'failed', queue_name, last_error: expect.any(String) })
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')![1]!
    expect((await send<JobSummary[]>(next)).body.map(job => job.id)).toEqual([ids[0]])
    expect((await send<JobSummary[]>(`/api/v1/jobs/dlq?queue_name=${queue_name}&offset=2`)).body.map(job => job.id)).toEqual([ids[0]])
  })

  it('runs the oldest of a queue again, as many as asked', async () => {
    const queue_name = newQueue()
    const ids = await failedJobs(queue_name, 3)
    const { status, body } = await call('POST /api/v1/jobs/dlq/retry', { body: { queue_name, limit: 2, reason: 'the receiver is back' } })
    expect(status).toBe(200)
    expect(body).toEqual({ retried_count: 2, retried_jobs: [ids[0], ids[1]] })
    await until(async () => (await jobOf(ids[0]!)).attempt === 2, { what: 'the job running again' })
    expect((await jobOf(ids[2]!)).attempt).toBe(1)
  })

  it('runs the named jobs again, and leaves alone what is not failed', async () => {
    const queue_name = newQueue()
    const [failed, other] = await failedJobs(queue_name, 2)
    const { body: { id: cancelled } } = await call('POST /api/v1/jobs', { body: { queue_name } })
    await call('DELETE /api/v1/jobs/:id', { params: { id: cancelled as string } })
    const { body } = await call('POST /api/v1/jobs/dlq/retry', { body: { job_ids: [failed!, cancelled as string, crypto.randomUUID()] } })
    expect(body).toEqual({ retried_count: 1, retried_jobs: [failed] })
    expect(await jobOf(cancelled as string)).toMatchObject({ state: 'cancelled' })
    expect(await jobOf(other!)).toMatchObject({ state: 'failed', attempt: 1 })
  })

  it('purges the failed jobs of a queue, oldest first, and nothing else', async () => {
    const queue_name = newQueue()
    const ids = await failedJobs(queue_name, 3)
    const { body: { id: waiting } } = await call('POST /api/v1/jobs', { body: { queue_name } })
    const purge = (more: Record<string, unknown>) => call('POST /api/v1/jobs/dlq/purge', { body: { queue_name, confirm: true, ...more } })
    expect((await purge({ older_than: '2020-01-01T00:00:00Z' })).body).toEqual({ purged_count: 0 })
    expect((await purge({ limit: 1 })).body).toEqual({ purged_count: 1 })
    expect(await deadIn(queue_name)).toEqual([ids[2], ids[1]])
    expect((await purge({ older_than: new Date(Date.now() + 60_000).toISOString() })).body).toEqual({ purged_count: 2 })
    expect((await call('GET /api/v1/jobs/:id', { params: { id: ids[0]! } })).status).toBe(404)
    const { rows } = await owner.query('SELECT id FROM jobs WHERE queue_name = $1', [queue_name])
    expect(rows).toEqual([{ id: waiting }])
    expect((await call('GET /api/v1/jobs/stats', { query: { queue_name } })).body).toMatchObject({ deadletter: 0, pending: 1, total: 1 })
  })

  it.each([
    ['retry', { limit: 0 }], ['retry', { limit: 100_000 }], ['retry', { job_ids: [] }], ['retry', { job_ids: ['x'] }], ['retry', { colour: 'red' }],
    ['retry', { job_ids: ['01a1fd8a-ffc6-7379-841c-0345f9c40f3e'], queue_name: 'q' }],
    ['purge', {}], ['purge', { confirm: false }], ['purge', { confirm: 'true' }], ['purge', { confirm: true, older_than: 'yesterday' }], ['purge', { confirm: true, limit: 10_001 }],
  ])('%s refuses %j', async (action, body) => {
    const { status } = await send(`/api/v1/jobs/dlq/${action}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    expect(status).toBe(400)
  })
})
