import { describe, expect, it } from 'vitest'
import type { Waiting } from '#shared/schemas/waiting.ts'
import { call, ownerPool } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const owner = ownerPool()
const LATER = new Date(Date.now() + 86_400_000).toISOString()
const HOUR = 3_600_000
const FAR = { kind: 'fixed', base_ms: HOUR, max_ms: HOUR, jitter: 0 }
const newQueue = () => `wait-${crypto.randomUUID()}`
/** Queues whose limits are set, and the acceptance knows it. */
async function limited(rules: Record<string, unknown>): Promise<string> {
  const name = newQueue()
  await call('PUT /api/v1/queues/:name/config', { params: { name }, body: rules })
  return name
}
async function drill(queue_name: string, fields: Record<string, unknown> = {}, payload: Record<string, unknown> = {}): Promise<string> {
  const { status, body, text } = await call('POST /api/v1/jobs', { body: { queue_name, job_type: 'drill', payload, ...fields } as never })
  if (status !== 201) throw new Error(text)
  return body.id as string
}
const job = async (id: string) => (await call('GET /api/v1/jobs/:id', { params: { id } })).body as { state: string, waiting?: Waiting }
const inState = (id: string, state: string) => until(async () => (await job(id)).state === state, { what: `${id} being ${state}` })
/** Waits until a job says this reason, and answers it. */
const waits = (id: string, code: Waiting['code']): Promise<Waiting> => until(async () => {
  const { waiting } = await job(id)
  return waiting?.code === code && waiting
}, { what: `${id} saying ${code}` })
const cancel = (...ids: string[]) => Promise.all(ids.map(id => call('DELETE /api/v1/jobs/:id', { params: { id } })))

describe('why a job waits', () => {
  it('is a pause: by whom, since when and why, and how to end it', async () => {
    const queue = await limited({})
    await call('POST /api/v1/queues/:name/pause', { params: { name: queue }, body: { reason: 'the relay is down' } })
    const id = await drill(queue)
    const { waiting } = await job(id)
    expect(waiting).toMatchObject({ code: 'queue_paused', remedy: { action: 'resume_queue', request: `POST /api/v1/queues/${queue}/resume` } })
    expect(waiting?.text).toBe(`The queue ${queue} was paused by open access at ${waiting?.since}: the relay is down`)
    await call('POST /api/v1/queues/:name/resume', { params: { name: queue } })
    await inState(id, 'completed')
    expect((await job(id)).waiting).toBeUndefined()
  })

  it('is a time: when, and that it may run now', async () => {
    const id = await drill(newQueue(), { scheduled_at: LATER })
    expect((await job(id)).waiting).toEqual({
      code: 'scheduled', text: `Scheduled for ${LATER}.`, until: LATER, remedy: { action: 'run_now', text: 'Run it now', request: `POST /api/v1/jobs/${id}/run-now` },
    })
  })

  it('is a retry: when, and after which error', async () => {
    const id = await drill(newQueue(), { max_retries: 5, backoff: FAR }, { fail_times: 1 })
    const waiting = await waits(id, 'retry')
    expect(waiting.text).toBe(`Retries at ${waiting.until}, after failure 1 of 6 allowed: This is failure 1 of a drill.`)
    expect(Date.parse(waiting.until!) - Date.now()).toBeGreaterThan(HOUR - 60_000)
  })

  it('is an external worker for a job without a built-in type', async () => {
    const { body } = await call('POST /api/v1/jobs', { body: { queue_name: newQueue() } as never })
    expect((await job(body.id as string)).waiting).toMatchObject({ code: 'external_worker', text: expect.stringContaining('external worker') })
  })

  it('is a concurrency limit: full by which jobs', async () => {
    const queue = await limited({ concurrency: 2 })
    const holders = [await drill(queue, {}, { sleep_ms: 60_000 }), await drill(queue, {}, { sleep_ms: 60_000 })]
    for (const id of holders) await inState(id, 'running')
    const [first, second] = [await drill(queue), await drill(queue)]
    const waiting = await waits(second!, 'concurrency_limit')
    expect(waiting.blocked_by?.toSorted()).toEqual(holders.toSorted())
    expect(waiting).toMatchObject({ text: expect.stringContaining('1 waiting job of the queue is before it'), remedy: { action: 'change_limit' } })
    await call('PUT /api/v1/queues/:name/config', { params: { name: queue }, body: { concurrency: null } })
    for (const id of [first, second]) await inState(id!, 'completed')
    await cancel(...holders)
  })

  it('is a rate: until when', async () => {
    const queue = await limited({ rate_limit: 1, rate_period_seconds: 3600 })
    await inState(await drill(queue), 'completed')
    const waiting = await waits(await drill(queue), 'rate_limit')
    expect(waiting.text).toContain(`starts 1 job per 3600 s, and they are used up until ${waiting.until}`)
    expect(Date.parse(waiting.until!) - Date.now()).toBeGreaterThan(HOUR - 60_000)
  })

  it('is an ordering key: held by the job that runs, or by the one that is tried again', async () => {
    const queue = newQueue()
    const running = await drill(queue, { ordering_key: 'a' }, { sleep_ms: 60_000 })
    await inState(running, 'running')
    const retrying = await drill(queue, { ordering_key: 'b', backoff: FAR }, { fail_times: 1 })
    await inState(retrying, 'retrying')
    const [afterRunning, afterRetrying, last] = [await drill(queue, { ordering_key: 'a' }), await drill(queue, { ordering_key: 'b' }), await drill(queue, { ordering_key: 'b' })]
    expect(await waits(afterRunning!, 'ordering_key')).toMatchObject({ blocked_by: [running], text: expect.stringContaining('which is running'), remedy: { action: 'open_job', request: `GET /api/v1/jobs/${running}` } })
    expect(await waits(afterRetrying!, 'ordering_key')).toMatchObject({ blocked_by: [retrying], text: expect.stringContaining('is tried again at'), until: expect.any(String) })
    expect(await waits(last!, 'ordering_key')).toMatchObject({ blocked_by: [retrying] })
    expect((await call('POST /api/v1/jobs/:id/run-now', { params: { id: retrying } })).status).toBe(200)
    for (const id of [retrying, afterRetrying, last]) await inState(id!, 'completed')
    await cancel(running)
    await inState(afterRunning!, 'completed')
  })

  it('is a concurrency key: full by which jobs', async () => {
    const queue = newQueue()
    const holder = await drill(queue, { concurrency_key: 'customer-1' }, { sleep_ms: 60_000 })
    await inState(holder, 'running')
    const id = await drill(queue, { concurrency_key: 'customer-1' })
    expect(await waits(id, 'concurrency_key')).toMatchObject({ blocked_by: [holder], text: expect.stringContaining('Only 1 job with the concurrency key customer-1') })
    await call('PUT /api/v1/queues/:name/config', { params: { name: queue }, body: { concurrency_per_key: 2 } })
    await inState(id, 'completed')
    await cancel(holder)
  })

  it('is that the time to begin is over', async () => {
    const queue = await limited({})
    await call('POST /api/v1/queues/:name/pause', { params: { name: queue } })
    const overdue = await drill(queue)
    // Only the row: the loop that ends such jobs does not know of it.
    await owner.query(`update jobs set expires_at = now() - interval '1 second' where id = $1`, [overdue])
    expect((await job(overdue)).waiting).toMatchObject({ code: 'expiring' })
  })

  it('stands on every row of a list that waits, and on no other', async () => {
    const queue = await limited({})
    const done = await drill(queue)
    await inState(done, 'completed')
    await call('POST /api/v1/queues/:name/pause', { params: { name: queue } })
    const ids = [await drill(queue), await drill(queue, { ordering_key: 'a' }), await drill(queue, { scheduled_at: LATER })]
    const rows = (await call('GET /api/v1/jobs', { query: { queue_name: queue } })).body as unknown as { id: string, waiting?: Waiting }[]
    expect(Object.fromEntries(rows.map(row => [row.id, row.waiting?.code]))).toEqual({ [done]: undefined, [ids[0]!]: 'queue_paused', [ids[1]!]: 'queue_paused', [ids[2]!]: 'scheduled' })
  })
})

describe('POST /api/v1/jobs/:id/run-now', () => {
  const runNow = (id: string, reason?: string) => call('POST /api/v1/jobs/:id/run-now', { params: { id }, body: { reason } })

  it('runs a scheduled job without its wait, and the timeline says who, why and instead of when', async () => {
    const id = await drill(newQueue(), { scheduled_at: LATER })
    const { status, body } = await runNow(id, 'the customer calls')
    expect(status).toBe(200)
    // It may be picked up before the answer is written; while it is not, the answer says what it waits for.
    expect(body.state === 'pending' ? body.waiting : { code: body.state }).toMatchObject({ code: expect.stringMatching(/./) })
    await inState(id, 'completed')
    const { body: story } = await call('GET /api/v1/jobs/:id/events', { params: { id } })
    expect(story).toContainEqual(expect.objectContaining({ kind: 'run_now', actor: 'open access', reason: 'the customer calls', text: `Told to run now instead of at ${LATER} by open access: the customer calls` }))
  })

  it('runs a retrying job at once, as the same try', async () => {
    const id = await drill(newQueue(), { backoff: FAR }, { fail_times: 1 })
    await inState(id, 'retrying')
    expect((await runNow(id)).status).toBe(200)
    await inState(id, 'completed')
    expect(await job(id)).toMatchObject({ attempt: 2, retry_count: 1 })
  })

  it('leaves a paused queue paused', async () => {
    const queue = await limited({})
    await call('POST /api/v1/queues/:name/pause', { params: { name: queue } })
    const id = await drill(queue, { scheduled_at: LATER })
    expect((await runNow(id)).body).toMatchObject({ state: 'pending', waiting: { code: 'queue_paused' } })
  })

  it('answers 409 with the reason for a job that waits for no time, 404 for none, 400 for a bad reason', async () => {
    const done = await drill(newQueue())
    await inState(done, 'completed')
    const over = await runNow(done)
    expect(over.status).toBe(409)
    expect(over.body).toMatchObject({ code: 'CONFLICT', message: `Job ${done} is completed; only a scheduled or retrying job can be run now.` })
    const queue = await limited({})
    await call('POST /api/v1/queues/:name/pause', { params: { name: queue } })
    const pending = await runNow(await drill(queue))
    expect(pending.status).toBe(409)
    expect(pending.body).toMatchObject({ message: expect.stringContaining(`it waits for no time: The queue ${queue} was paused by open access`) })
    expect((await runNow(crypto.randomUUID())).status).toBe(404)
    expect((await runNow(done, 'x'.repeat(501))).status).toBe(400)
    expect((await call('POST /api/v1/jobs/:id/run-now', { params: { id: 'nonsense' } })).status).toBe(400)
  })
})
