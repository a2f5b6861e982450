import { describe, expect, it } from 'vitest'
import type { Attempt, LogLine, TimelineEntry } from '#shared/schemas/event.ts'
import type { Job } from '#shared/schemas/job.ts'
import { call, send } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const jobOf = async (id: string) => (await call('GET /api/v1/jobs/:id', { params: { id } })).body as unknown as Job
const drill = async (payload: Record<string, unknown>, more: Record<string, unknown> = {}) => {
  const { status, body } = await call('POST /api/v1/jobs', { body: { job_type: 'drill', payload, backoff: { kind: 'fixed', base_ms: 10 }, ...more } })
  expect(status).toBe(201)
  return { id: body.id as string }
}
const inState = (id: string, state: Job['state']) => until(async () => (await jobOf(id)).state === state, { what: `job ${id} being ${state}` })
const attemptsOf = async (params: { id: string }) => (await call('GET /api/v1/jobs/:id/attempts', { params })).body as unknown as Attempt[]
const storyOf = async (params: { id: string }) => (await call('GET /api/v1/jobs/:id/events', { params })).body as unknown as TimelineEntry[]
const logsOf = (params: { id: string }, query: Record<string, unknown> = {}) => call('GET /api/v1/jobs/:id/logs', { params, query })

describe('the attempts of a job', () => {
  it('are none while it waits', async () => {
    const { body } = await call('POST /api/v1/jobs', { body: { queue_name: 'waits' } })
    expect(await attemptsOf({ id: body.id as string })).toEqual([])
  })

  it('are its failed runs and the one that completed, newest first', async () => {
    const job = await drill({ fail_times: 2 })
    await inState(job.id, 'completed')
    const attempts = await attemptsOf(job)
    expect(attempts).toMatchObject([{ run: 3, outcome: 'completed', error: null }, { run: 2, outcome: 'failed', error: expect.any(String) }, { run: 1, outcome: 'failed' }])
    for (const { worker_id, started_at, finished_at, duration_ms } of attempts) {
      expect(worker_id).toEqual(expect.any(String))
      expect(duration_ms).toBe(Date.parse(finished_at!) - Date.parse(started_at!))
    }
    const page = async (query: string) => (await send<Attempt[]>(`/api/v1/jobs/${job.id}/attempts?${query}`)).body.map(attempt => attempt.run)
    expect(await page('limit=2')).toEqual([3, 2])
    expect(await page('before=2')).toEqual([1])
    expect((await send(`/api/v1/jobs/${job.id}/attempts?before=0`)).status).toBe(400)
  })

  it('show the run under way', async () => {
    const job = await drill({ sleep_ms: 600_000 })
    await inState(job.id, 'running')
    expect(await attemptsOf(job)).toMatchObject([{ run: 1, outcome: 'running', finished_at: null, duration_ms: null }])
    await call('DELETE /api/v1/jobs/:id', { params: job })
    await inState(job.id, 'cancelled')
    expect(await attemptsOf(job)).toMatchObject([{ run: 1, outcome: 'cancelled', finished_at: expect.any(String) }])
  })

  it('tell a snooze apart from a failure', async () => {
    const job = await drill({ snooze_ms: 10 })
    await inState(job.id, 'completed')
    expect((await attemptsOf(job)).map(attempt => attempt.outcome)).toEqual(['completed', 'snoozed'])
    expect(await jobOf(job.id)).toMatchObject({ retry_count: 0, snoozes: 1 })
  })
})

describe('the log of a job', () => {
  it('holds the lines of each run in order, page by page', async () => {
    const job = await drill({ log: ['one', 'two', '🌩️'], fail_times: 1 })
    await inState(job.id, 'completed')
    const all = await until(async () => {
      const { body } = await logsOf(job)
      return (body as unknown as LogLine[]).length === 6 && body as unknown as LogLine[]
    }, { what: 'six lines' })
    expect(all.map(line => [line.run, line.text])).toEqual([[1, 'one'], [1, 'two'], [1, '🌩️'], [2, 'one'], [2, 'two'], [2, '🌩️']])
    expect((await logsOf(job, { run: 2 })).body).toHaveLength(3)
    const seen: string[] = []
    let after: string | undefined
    do {
      const { body, headers } = await logsOf(job, { limit: 4, after })
      seen.push(...(body as unknown as LogLine[]).map(line => line.text))
      after = headers.get('x-next-cursor') ?? undefined
    } while (after !== undefined && seen.length < 20)
    expect(seen).toEqual(all.map(line => line.text))
    const last = all.at(-1)!
    expect((await logsOf(job, { after: `${last.run}:${last.line}` })).body).toEqual([])
  })

  it.each(['after=1', 'after=-1:2', 'run=0', 'limit=0', 'limit=1001'])('refuses ?%s', async (query) => {
    const job = await drill({})
    expect((await send(`/api/v1/jobs/${job.id}/logs?${query}`)).status).toBe(400)
  })
})

describe('the story of a job', () => {
  const kinds = async (job: { id: string }) => (await storyOf(job)).map(step => step.kind)

  it('tells runs, failures and the end', async () => {
    const job = await drill({ fail_times: 1 })
    await inState(job.id, 'completed')
    expect(await kinds(job)).toEqual(['created', 'started', 'retrying', 'started', 'completed'])
    const story = await storyOf(job)
    expect(story.map(step => step.run)).toEqual([undefined, 1, 1, 2, 2])
    expect(story.map(step => step.at)).toEqual(story.map(step => step.at).toSorted())
    expect(story.every(step => step.actor === undefined)).toBe(true)
  })

  it('tells which failure was the last one, and who ran it again and why', async () => {
    const job = await drill({ fail_times: 2, retryable: false })
    await inState(job.id, 'failed')
    await call('POST /api/v1/jobs/:id/retry', { params: job, body: { reason: 'the receiver is back' } })
    await until(async () => (await jobOf(job.id)).attempt === 2 && (await jobOf(job.id)).state === 'failed', { what: 'the second failure' })
    expect(await kinds(job)).toEqual(['created', 'started', 'failed', 'retried', 'started', 'failed'])
    expect((await storyOf(job))[3]).toMatchObject({ actor: 'open access', reason: 'the receiver is back', text: 'Sent to run again by open access: the receiver is back' })
  })

  it('tells who changed and cancelled a waiting job', async () => {
    const job = await drill({}, { scheduled_at: new Date(Date.now() + 3_600_000).toISOString() })
    await call('PUT /api/v1/jobs/:id/priority', { params: job, body: { priority: 9, reason: 'vip' } })
    await call('POST /api/v1/jobs/:id/cancel', { params: job, body: { reason: 'too late' } })
    expect(await storyOf(job)).toMatchObject([
      { kind: 'created' }, { kind: 'scheduled' }, { kind: 'priority_changed', actor: 'open access', text: 'Priority changed from 0 to 9 by open access: vip' },
      { kind: 'cancelled', actor: 'open access', reason: 'too late' },
    ])
  })

  it('tells who stopped a running job', async () => {
    const job = await drill({ sleep_ms: 600_000 })
    await inState(job.id, 'running')
    await call('POST /api/v1/jobs/:id/cancel', { params: job, body: { reason: 'wrong customer' } })
    await inState(job.id, 'cancelled')
    expect(await storyOf(job)).toMatchObject([{ kind: 'created' }, { kind: 'started', run: 1 }, { kind: 'cancel_requested', actor: 'open access', reason: 'wrong customer' }, { kind: 'cancelled', run: 1 }])
  })

  it('tells that its time was over', async () => {
    const { body } = await call('POST /api/v1/jobs', { body: { queue_name: 'late', expires_at: new Date(Date.now() + 500).toISOString() } })
    const job = { id: body.id as string }
    await inState(job.id, 'expired')
    expect(await kinds(job)).toEqual(['created', 'expired'])
  })
})
