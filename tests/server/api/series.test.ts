import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_ORGANIZATION_ID } from '#server/domain/access/resolve-caller.ts'
import { SERIES_METRICS, type Series, type Upcoming } from '#shared/schemas/system.ts'
import { call, finished, ownerPool, send } from '../../support/shared-product.ts'
import { until } from '../../support/until.ts'

const owner = ownerPool()
const THEIRS = randomUUID()
const OURS = '00000000-0000-7000-8000-000000000001'
const series = async (metric: string, query: Record<string, unknown> = {}) => (await call('GET /api/v1/series', { query: { metric, ...query } as never })).body as unknown as Series
const last = (points: (number | null)[]) => points.findLast(point => point !== null && point !== 0) ?? null
const upcoming = async (query: Record<string, unknown> = {}) => (await call('GET /api/v1/upcoming', { query: query as never })).body as unknown as Upcoming[]
const post = async (body: Record<string, unknown>) => (await call('POST /api/v1/jobs', { body: body as never })).body.id as string
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

beforeAll(async () => {
  await owner.query('insert into organizations (id, name, slug) values ($1, $2, $2)', [THEIRS, `theirs-${THEIRS}`])
})

describe('GET /api/v1/series', () => {
  it('answers every metric over every range, with its unit and a point per step', async () => {
    for (const range of ['1h', '24h', '7d'] as const) {
      const answer = await series(SERIES_METRICS.join(), { range })
      expect(answer.series.map(line => line.metric)).toEqual([...SERIES_METRICS])
      expect(answer.series.every(line => line.points.length === { '1h': 60, '24h': 96, '7d': 84 }[range])).toBe(true)
      expect(answer.series.filter(line => line.unit === 'ms').map(line => line.metric)).toEqual(['wait_p50', 'wait_p95', 'run_p50', 'run_p95'])
    }
  })

  it('tells within seconds how long the jobs of a queue ran and waited, and nothing of other queues', async () => {
    const queue = `series-${randomUUID()}`
    await Promise.all(Array.from({ length: 3 }, () => call('POST /api/v1/jobs', { body: { queue_name: queue, job_type: 'drill', payload: { sleep_ms: 700 } } as never }).then(({ body }) => finished(body.id as string))))
    const [wait, run] = await until(async () => {
      const answer = await series('wait_p95,run_p50', { queue_name: queue })
      const [waited, ran] = answer.series.map(line => last(line.points))
      return waited !== null && ran !== null && [waited!, ran!]
    }, { seconds: 15, what: 'the times of the queue' })
    expect(run).toBeGreaterThan(600)
    expect(run).toBeLessThan(5000)
    expect(wait).toBeGreaterThanOrEqual(0)
    const other = await series('wait_p95,run_p50,created', { queue_name: `series-${randomUUID()}` })
    expect(other.series.map(line => last(line.points))).toEqual([null, null, null])
  })

  it('tells how full a queue is now, and in the minutes before', async () => {
    const queue = `series-${randomUUID()}`
    await Promise.all(Array.from({ length: 4 }, () => post({ queue_name: queue })))
    const depth = async () => (await series('depth', { queue_name: queue })).series[0]!.points
    expect((await depth()).at(-1)).toBe(4)
    await owner.query(`insert into queue_depth_minutes (organization_id, queue_name, minute, waiting, running)
      select '00000000-0000-7000-8000-000000000001', $1, date_trunc('minute', now()) - make_interval(mins => 5), 9, 0 on conflict do nothing`, [queue])
    expect((await depth()).slice(-6).slice(0, 2)).toEqual([9, 9])
  })

  it('tells beside the points, which are the highest of their steps, what a queue holds now', async () => {
    const queue = `series-${randomUUID()}`
    await Promise.all(Array.from({ length: 4 }, () => post({ queue_name: queue })))
    await owner.query(`insert into queue_depth_minutes (organization_id, queue_name, minute, waiting, running)
      select '00000000-0000-7000-8000-000000000001', $1, date_trunc('minute', now()), 90, 0 on conflict do nothing`, [queue])
    const [depth, created] = (await series('depth,created', { queue_name: queue, range: '7d' })).series
    expect([depth!.points.at(-1), depth!.now, created!.now]).toEqual([90, 4, undefined])
  })

  it('holds nothing of other organizations', async () => {
    const queue = `series-${randomUUID()}`
    await owner.query(`insert into job_time_minutes values ($1, date_trunc('minute', now()), $2, 'drill', 'run', 50, 7)`, [THEIRS, queue])
    await owner.query(`insert into queue_depth_minutes values ($1, $2, date_trunc('minute', now()), 7, 7)`, [THEIRS, queue])
    await owner.query(`insert into job_minutes values ($1, date_trunc('minute', now()), $2, 'drill', 'created', 7)`, [THEIRS, queue])
    const answer = await series(SERIES_METRICS.join(), { queue_name: queue })
    expect(answer.series.map(line => last(line.points))).toEqual(SERIES_METRICS.map(() => null))
  })

  it.each(['metric=wait', 'metric=depth&range=2h', 'queue_name=-x'])('refuses %s', async (query) => {
    expect((await send(`/api/v1/series?${query}`)).status).toBe(400)
  })
})

describe('GET /api/v1/upcoming', () => {
  it('tells what happens next, soonest first: starts, retries and expiries', async () => {
    const queue = `upcoming-${randomUUID()}`
    const later = await post({ queue_name: queue, scheduled_at: inSeconds(7200) })
    const soon = await post({ queue_name: queue, scheduled_at: inSeconds(3600) })
    const expiring = await post({ queue_name: queue, expires_at: inSeconds(60) })
    const failing = await post({ queue_name: queue, job_type: 'drill', payload: { fail_times: 9 }, max_retries: 3, backoff: { kind: 'fixed', base_ms: 600_000 } })
    const rows = await until(async () => {
      const found = await upcoming({ queue_name: queue })
      return found.length === 4 && found
    }, { what: 'four things to come' })
    expect(rows.map(row => [row.job_id, row.kind])).toEqual([[expiring, 'expiry'], [failing, 'retry'], [soon, 'scheduled'], [later, 'scheduled']])
    expect(rows.every(row => row.queue_name === queue)).toBe(true)
    expect((await upcoming({ queue_name: queue, limit: 1 })).map(row => row.job_id)).toEqual([expiring])
    for (const id of [later, soon, expiring, failing]) await call('DELETE /api/v1/jobs/:id', { params: { id } })
    expect(await upcoming({ queue_name: queue })).toEqual([])
  })

  it('hides what other organizations wait for', async () => {
    const queue = `upcoming-${randomUUID()}`
    const id = await post({ queue_name: queue, scheduled_at: inSeconds(3600), expires_at: inSeconds(7200) })
    expect(await upcoming({ queue_name: queue })).toHaveLength(2)
    const give = async (organization: string) => {
      for (const table of ['jobs', 'due_jobs', 'job_expiries']) await owner.query(`update ${table} set organization_id = $1 where ${table === 'jobs' ? 'id' : 'job_id'} = $2`, [organization, id])
    }
    await give(THEIRS)
    expect(await upcoming({ queue_name: queue })).toEqual([])
    // It was counted where it was made, and other files hold the counts against the rows.
    await give(DEFAULT_ORGANIZATION_ID)
    for (const table of ['due_jobs', 'job_expiries']) await owner.query(`delete from ${table} where job_id = $1`, [id])
  })

  it('finds expiries behind any number of another organization, and of jobs that run or have ended', async () => {
    const queue = `upcoming-${randomUUID()}`
    const id = await post({ queue_name: queue, expires_at: inSeconds(7200) })
    const sooner = await post({ queue_name: queue, expires_at: inSeconds(3600) })
    await owner.query(`insert into job_expiries (job_id, organization_id, expires_at) select gen_random_uuid(), case when n <= 1500 then $1::uuid else $2::uuid end, now() + interval '30 minutes' from generate_series(1, 3000) as n`, [THEIRS, OURS])
    await owner.query(`update jobs set state = 'running' where id = $1`, [sooner])
    expect(await upcoming({ queue_name: queue })).toMatchObject([{ job_id: id, kind: 'expiry' }])
    expect((await upcoming({ limit: 100 })).map(row => row.job_id)).toContain(id)
    await owner.query(`delete from job_expiries where expires_at between now() + interval '29 minutes' and now() + interval '31 minutes'`)
    await owner.query(`update jobs set state = 'pending' where id = $1`, [sooner])
    for (const each of [id, sooner]) await call('DELETE /api/v1/jobs/:id', { params: { id: each } })
  })

  it.each(['limit=0', 'limit=101', 'limit=x', 'queue_name=%2F'])('refuses %s', async (query) => {
    expect((await send(`/api/v1/upcoming?${query}`)).status).toBe(400)
  })
})

describe('how a queue moves', () => {
  it('is told by the list, the queue and its stats: in, out, oldest, and until when', async () => {
    const queue = `moving-${randomUUID()}`
    const at = Date.now()
    await Promise.all(Array.from({ length: 3 }, () => post({ queue_name: queue })))
    await finished(await post({ queue_name: queue, job_type: 'random-text' }))
    const params = { name: queue }
    const one = await until(async () => {
      const { body } = await call('GET /api/v1/queues/:name', { params })
      return (body.out_per_second as number) > 0 && (body.oldest_waiting_seconds as number) > 0 && body
    }, { what: 'the rate out, and an age of a tenth of a second' })
    expect(one.in_per_second).toBeGreaterThan(one.out_per_second as number)
    expect(one.drain_seconds).toBeNull()
    const age = (Date.now() - at) / 1000
    expect(one.oldest_waiting_seconds).toBeLessThanOrEqual(age + 0.2)
    expect((await call('GET /api/v1/queues/:name/stats', { params })).body).toMatchObject({ pending_jobs: 3, drain_seconds: null, max_job_age_seconds: expect.any(Number), in_per_second: expect.any(Number) })
  })

  it('drains at the rate by which more goes out than comes in, and never while it is paused', async () => {
    const queue = `moving-${randomUUID()}`
    await Promise.all(Array.from({ length: 6 }, () => post({ queue_name: queue })))
    await owner.query(`update job_minutes set entered = 0 where queue_name = $1`, [queue])
    await until(async () => {
      await owner.query(`update job_minutes set entered = 0 where queue_name = $1`, [queue])
      return (await owner.query('select from job_counter_deltas where queue_name = $1', [queue])).rowCount === 0
    }, { what: 'the roll-up' })
    await owner.query(`update job_minutes set entered = 0 where queue_name = $1`, [queue])
    await owner.query(`insert into job_minutes values ('00000000-0000-7000-8000-000000000001', date_trunc('minute', now()), $1, '', 'completed', 600)`, [queue])
    const { body } = await call('GET /api/v1/queues/:name', { params: { name: queue } })
    expect(body.drain_seconds).toBe(Math.ceil(6 / (body.out_per_second as number)))
    await call('POST /api/v1/queues/:name/pause', { params: { name: queue }, body: { reason: 'a break' } })
    expect((await call('GET /api/v1/queues/:name', { params: { name: queue } })).body).toMatchObject({ drain_seconds: null, paused_by: 'open access' })
  })

  it('finds the oldest of a lower priority, too', async () => {
    const queue = `moving-${randomUUID()}`
    const first = await post({ queue_name: queue, priority: -10 })
    await new Promise(resolve => setTimeout(resolve, 400))
    for (const priority of [0, 10, 50]) await post({ queue_name: queue, priority })
    const { body } = await call('GET /api/v1/queues/:name', { params: { name: queue } })
    expect(body.oldest_waiting_seconds).toBeGreaterThanOrEqual(0.4)
    await call('DELETE /api/v1/jobs/:id', { params: { id: first } })
    const after = (await call('GET /api/v1/queues/:name', { params: { name: queue } })).body
    expect(after.oldest_waiting_seconds).toBeLessThan(body.oldest_waiting_seconds as number + 0.3)
  })
})
