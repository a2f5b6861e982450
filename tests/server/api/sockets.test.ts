import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ErrorBody } from '#shared/schemas/error.ts'
import { JobFrame, JobStatusFrame, LiveFrame } from '#shared/schemas/live.ts'
import { DEFAULT_ORGANIZATION_ID } from '#server/domain/access/resolve-caller.ts'
import { openSocket, refusedUpgrade } from '../../support/socket.ts'
import { ADMIN_KEY } from '../../support/start-product.ts'
import { call, finished, product, send } from '../../support/shared-product.ts'
import { genericWebhook } from '../../factories/webhook.ts'

type Frame = Record<string, unknown>
const open = (path: string, options?: Parameters<typeof openSocket>[2]) => openSocket<Frame>(product().url, path, options)
const makeJob = async (length = '20') => (await call('POST /api/jobs/random-text', { query: { length } })).body.id as string
const ended = (frame: Frame) => frame.status === 'completed'

describe('GET /api/ws/jobs', () => {
  it('tells every change of a job until it is completed, with the result', async () => {
    const watcher = await open('/api/ws/jobs')
    const id = await makeJob('20')
    const frame = JobFrame.parse(await watcher.next(frame => frame.id === id && ended(frame)))
    expect(frame.result).toHaveLength(20)
    expect(frame.error).toBe('')
    for (const other of watcher.frames) JobFrame.parse(other)
    expect(watcher.frames.filter(each => each.id === id && !ended(each)).every(each => each.result === '')).toBe(true)
    watcher.close()
  })

  it('cuts a result over 64 KiB and says so', async () => {
    const watcher = await open('/api/ws/jobs')
    const id = await makeJob('100000')
    const frame = await watcher.next(frame => frame.id === id && ended(frame))
    expect(frame.result_truncated).toBe(true)
    expect((frame.result as string).length).toBeLessThanOrEqual(65_536)
    expect((await finished(id)).result).toHaveLength(100_000)
    watcher.close()
  })

  it('adds the organization for the administrator', async () => {
    const watcher = await open('/api/ws/jobs', { headers: { 'x-admin-key': ADMIN_KEY } })
    const id = await makeJob()
    expect(await watcher.next(frame => frame.id === id && ended(frame))).toMatchObject({ organization_id: DEFAULT_ORGANIZATION_ID })
    watcher.close()
  })

  it('tells each job\'s end exactly once to each of many watchers', async () => {
    const watchers = await Promise.all(Array.from({ length: 10 }, () => open('/api/ws/jobs')))
    const ids = await Promise.all(Array.from({ length: 20 }, () => makeJob('5')))
    for (const watcher of watchers) {
      for (const id of ids) await watcher.next(frame => frame.id === id && ended(frame))
      expect(watcher.frames.filter(frame => ids.includes(frame.id as string) && ended(frame))).toHaveLength(20)
      watcher.close()
    }
  })
})

describe('GET /api/ws?job_id=', () => {
  it('says the latest status at once and then each change', async () => {
    const id = await makeJob()
    await finished(id)
    const late = await open(`/api/ws?job_id=${id}`)
    const frame = JobStatusFrame.parse(await late.next(() => true))
    expect(frame).toMatchObject({ type: 'job_status', job_id: id, status: 'completed' })
    expect(frame.result).toHaveLength(20)
    late.close()
  })

  it('follows a job to its end for several clients at once, and shows no other job', async () => {
    const { body } = await send('/api/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ job_type: 'random-text', payload: { length: 7 }, scheduled_at: new Date(Date.now() + 800).toISOString() }) })
    const id = body.id as string
    const clients = await Promise.all([open(`/api/ws?job_id=${id}`), open(`/api/ws?job_id=${id}`)])
    await makeJob()
    for (const client of clients) {
      expect((await client.next(() => true)).status).toBe('pending')
      expect((await client.next(ended)).result).toHaveLength(7)
      expect(client.frames.every(frame => frame.job_id === id)).toBe(true)
      client.close()
    }
  })

  it('answers a ping', async () => {
    const client = await open('/api/ws/jobs')
    client.socket.ping()
    await once(client.socket, 'pong')
    client.close()
  })

  it.each([['without an id', '/api/ws', [400]], ['with an empty id', '/api/ws?job_id=', [400]], ['with what is no id', '/api/ws?job_id=abc', [400, 404]], ['with an id no job has', `/api/ws?job_id=${crypto.randomUUID()}`, [404]]])('refuses the upgrade %s', async (_what, path, statuses) => {
    const refused = await refusedUpgrade(product().url, path)
    expect(statuses).toContain(refused.status)
    ErrorBody.parse(JSON.parse(refused.body))
  })

  it('is 426 for a request that is no WebSocket', async () => {
    for (const path of ['/api/ws', '/api/ws/jobs', '/api/v1/live']) {
      const answer = await send(path)
      expect([400, 426], path).toContain(answer.status)
      expect(answer.body).toHaveProperty('code')
    }
  })

  it('refuses an upgrade on a path without a socket', async () => {
    for (const path of ['/api/nothing', '/api/jobs', '/health', '/', '/jobs']) expect((await refusedUpgrade(product().url, path)).status, path).toBe(404)
  })
})

describe('GET /api/v1/live', () => {
  it('greets, then tells job changes and receipts in the shapes of the contract', async () => {
    const live = await open('/api/v1/live')
    const id = await makeJob()
    const { headers, body } = genericWebhook()
    await send('/api/webhooks/test', { method: 'POST', headers, body: body as string })
    const isChange = (frame: Frame) => frame.type === 'jobs' && (frame.jobs as { id: string, state: string }[]).some(job => job.id === id && job.state === 'completed')
    await live.next(isChange)
    await live.next(frame => frame.type === 'receipts')
    expect(live.frames[0]).toMatchObject({ type: 'hello' })
    for (const frame of live.frames) LiveFrame.parse(frame)
    live.close()
  })

  it('survives whatever a client sends', async () => {
    const live = await open('/api/v1/live')
    for (const noise of ['', '{', 'null', '\u0000', 'x'.repeat(50_000)]) live.socket.send(noise)
    live.socket.send(Buffer.from([0xff, 0x00]))
    const other = await open('/api/v1/live')
    const id = await makeJob()
    await other.next(frame => frame.type === 'jobs' && (frame.jobs as { id: string }[]).some(job => job.id === id))
    live.close()
    other.close()
  })
})
