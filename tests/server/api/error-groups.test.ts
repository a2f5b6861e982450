import { describe, expect, it } from 'vitest'
import { errorGroupOf } from '#server/domain/engine/error-form.ts'
import type { ErrorGroup, ErrorGroupList, ErrorGroupSummary } from '#shared/schemas/error-group.ts'
import type { Attempt } from '#shared/schemas/event.ts'
import type { JobSummary } from '#shared/schemas/job.ts'
import { call, send } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const newQueue = () => `errors-${crypto.randomUUID()}`
const DRILL_ERROR = 'This is failure 1 of a drill.'
const GROUP = errorGroupOf(DRILL_ERROR)
const getGroup = async (id = GROUP) => (await call('GET /api/v1/errors/:id', { params: { id } })).body as unknown as ErrorGroup
const inPlace = (group: ErrorGroup, queue: string) => group.places.find(place => place.queue_name === queue)?.count ?? 0

/** Makes a job that fails for good, and waits until its group counts it. */
async function failedJob(queue_name: string, payload: Record<string, unknown> = { fail_times: 1000, retryable: false }): Promise<string> {
  const { body } = await call('POST /api/v1/jobs', { body: { queue_name, job_type: 'drill', payload: payload as never, max_retries: 0 } })
  return body.id as string
}
const untilCounted = (queue: string, count: number) => until(async () => {
  const { status, body } = await call('GET /api/v1/errors/:id', { params: { id: GROUP } })
  return status === 200 && inPlace(body as unknown as ErrorGroup, queue) >= count
}, { what: `${count} failures counted in ${queue}` })

describe('errors', () => {
  it('gather failures of every queue that say the same, whatever the numbers in it', async () => {
    const [one, other] = [newQueue(), newQueue()]
    const id = await failedJob(one)
    await failedJob(other)
    await untilCounted(one, 1)
    await untilCounted(other, 1)
    const { errors, counts } = (await call('GET /api/v1/errors', { query: { queue_name: one } })).body as unknown as ErrorGroupList
    expect(errors).toMatchObject([{ id: GROUP, form: 'This is failure <n> of a drill.', message: expect.stringContaining('of a drill') }])
    expect(counts.open + counts.regressed + counts.muted + counts.resolved).toBeGreaterThan(0)
    const job = (await call('GET /api/v1/jobs/:id', { params: { id } })).body as unknown as JobSummary
    expect(job.error_group).toBe(GROUP)
    const attempts = (await call('GET /api/v1/jobs/:id/attempts', { params: { id } })).body as unknown as Attempt[]
    expect(attempts).toMatchObject([{ outcome: 'failed', error_group: GROUP }])
    const jobs = await send<JobSummary[]>(`/api/v1/jobs?error_group=${GROUP}&queue_name=${one}`)
    expect(jobs.body.map(each => each.id)).toEqual([id])
  })

  it('are retried as a whole, and come back as regressed when they were resolved', async () => {
    const queue = newQueue()
    const id = await failedJob(queue)
    await untilCounted(queue, 1)
    const resolved = await call('POST /api/v1/errors/:id/resolve', { params: { id: GROUP }, body: { reason: 'shipped' } })
    expect(resolved.body).toMatchObject({ state: 'resolved' })
    const { status, body } = await call('POST /api/v1/errors/:id/retry', { params: { id: GROUP }, body: { reason: 'shipped' } })
    expect(status).toBe(202)
    expect(body).toMatchObject({ action: 'retry', filter: { error_group: GROUP, state: ['failed'] }, reason: 'shipped' })
    expect(body.matched).toBeGreaterThanOrEqual(1)
    await until(async () => (await call('GET /api/v1/job-actions/:id', { params: { id: body.id as string } })).body.state === 'completed', { what: 'the end of the action' })
    const group = await until(async () => {
      const now = await getGroup()
      return now.state === 'regressed' && now
    }, { what: 'the group being regressed' })
    expect(group.regressed).toMatchObject({ version: expect.stringMatching(/\d/) })
    expect(group.story.map(step => step.kind).slice(-3).sort()).toEqual(['regressed', 'resolved', 'retried'])
    const events = (await call('GET /api/v1/jobs/:id/events', { params: { id } })).body as unknown as { kind: string }[]
    expect(events.map(event => event.kind)).toContain('retried')
  })

  it('are muted for a time and unmuted', async () => {
    const queue = newQueue()
    await failedJob(queue)
    await untilCounted(queue, 1)
    const in_an_hour = new Date(Date.now() + 3_600_000).toISOString()
    const mute = (body: unknown) => send<ErrorGroupSummary>(`/api/v1/errors/${GROUP}/mute`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    expect((await mute({ until: in_an_hour, reason: 'known' })).body).toMatchObject({ state: 'muted', muted_until: in_an_hour })
    const muted = (await call('GET /api/v1/errors', { query: { state: 'muted' } })).body as unknown as ErrorGroupList
    expect(muted.errors.map(each => each.id)).toContain(GROUP)
    expect((await call('POST /api/v1/errors/:id/unmute', { params: { id: GROUP } })).body).toMatchObject({ state: 'open' })
    for (const bad of [{}, { until: 'tomorrow' }, { until: '2020-01-01T00:00:00Z' }, { until: null, colour: 'red' }]) expect((await mute(bad)).status, JSON.stringify(bad)).toBe(400)
  })

  it('of a timeout are errors too', async () => {
    const queue = newQueue()
    await call('POST /api/v1/jobs', { body: { queue_name: queue, job_type: 'drill', payload: { sleep_ms: 30_000 }, timeout_seconds: 1, max_retries: 0 } })
    const list = await until(async () => {
      const { errors } = (await call('GET /api/v1/errors', { query: { queue } })).body as unknown as ErrorGroupList
      return errors.length > 0 && errors
    }, { what: 'the timeout being counted' })
    expect(list[0]!.form).toMatch(/<duration>|<n>/)
  })

  it.each(['state=broken', 'limit=0', 'cursor=x', 'queue_name=%2F', 'q='])('refuse the list with ?%s', async (query) => {
    expect((await send(`/api/v1/errors?${query}`)).status).toBe(400)
  })

  it('that nobody knows are a 404 that says why, an id that is none a 400', async () => {
    const { status, body } = await call('GET /api/v1/errors/:id', { params: { id: crypto.randomUUID() } })
    expect([status, body.message]).toEqual([404, expect.stringContaining('There is no error group')])
    for (const action of ['mute', 'unmute', 'resolve', 'reopen', 'retry']) {
      const answer = await send(`/api/v1/errors/${crypto.randomUUID()}/${action}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: action === 'mute' ? '{"until":null}' : '{}' })
      expect(answer.status, action).toBe(404)
    }
    expect((await send('/api/v1/errors/none')).status).toBe(400)
  })
})
