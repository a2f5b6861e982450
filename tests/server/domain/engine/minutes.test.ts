import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type * as Notes from '#server/domain/engine/note-times.ts'
import type * as Keep from '#server/domain/engine/keep-minutes.ts'
import type * as Series from '#server/domain/jobs/read-series.ts'
import type * as Times from '#server/domain/engine/sql/times.ts'
import type { Series as SeriesAnswer, SeriesMetric } from '#shared/schemas/system.ts'
import { job, left, ORGANIZATION, record, useRecord } from './record.ts'

useRecord()
let notes: typeof Notes
let keep: typeof Keep
let times: typeof Times
let readSeries: typeof Series.readSeries
beforeAll(async () => {
  notes = await import('#server/domain/engine/note-times.ts')
  keep = await import('#server/domain/engine/keep-minutes.ts')
  times = await import('#server/domain/engine/sql/times.ts')
  ;({ readSeries } = await import('#server/domain/jobs/read-series.ts'))
})

const THEIRS = randomUUID()
const mail = { organizationId: ORGANIZATION, queueName: 'mail', jobType: 'drill' }
const sql = (text: string, values: unknown[] = []) => record.database.owner.query(text, values)
type Points = SeriesAnswer['series'][number]['points']
const series = async (metric: SeriesMetric[], { range = '1h', queue, organization = ORGANIZATION }: { range?: '1h' | '24h' | '7d', queue?: string, organization?: string } = {}) => {
  const answer = await readSeries(organization, { metric, range, queue_name: queue })
  return Object.fromEntries(answer.series.map(line => [line.metric, line.points])) as Record<SeriesMetric, Points>
}
const known = (points: Points) => points.filter(point => point !== null)
const sum = (points: Points) => known(points).reduce((total, point) => total + point, 0)
/** Moves what was written now to `minutes` ago. */
const age = (table: string, minutes: number) => sql(`update ${table} set minute = minute - make_interval(mins => $1)`, [minutes])
const near = (points: Points, ms: number) => expect(Math.abs(known(points).at(-1)! - ms) / ms).toBeLessThan(0.1)
/** The loop looks at its own clock for the next minute. */
let clock = Date.now()
const sample = () => keep.sampleDepth(clock += 60_000)

describe('waiting and processing times', () => {
  it('become percentiles per step, of one queue or all, and of nobody else\'s jobs', async () => {
    for (let n = 0; n < 90; n++) notes.noteTime('wait', mail, 20)
    for (let n = 0; n < 10; n++) notes.noteTime('wait', { ...mail, queueName: 'slow' }, 4000)
    notes.noteTime('run', mail, 300)
    notes.noteTime('wait', { ...mail, organizationId: THEIRS }, 60_000)
    await notes.writeTimes()
    const all = await series(['wait_p50', 'wait_p95', 'run_p50', 'run_p95'])
    near(all.wait_p50, 20)
    near(all.wait_p95, 4000)
    near(all.run_p95, 300)
    near((await series(['wait_p95'], { queue: 'mail' })).wait_p95, 20)
    expect(known((await series(['run_p50'], { queue: 'slow' })).run_p50)).toEqual([])
    near((await series(['wait_p50'], { organization: THEIRS })).wait_p50, 60_000)
    expect(known((await series(['run_p50'], { organization: THEIRS })).run_p50)).toEqual([])
  })

  it('of several worker processes add up, whoever writes first', async () => {
    const rows = Array.from({ length: 60 }, (_, bucket) => ({ ...mail, kind: 'run' as const, bucket, count: 2 }))
    await Promise.all(Array.from({ length: 8 }, (_, worker) => times.addTimes(worker % 2 ? rows : rows.toReversed())))
    const found = await left('job_time_minutes')
    expect(found.reduce((total, row) => total + Number(row.count), 0)).toBe(60 * 2 * 8)
  })

  it('that could not be written are written with the next', async () => {
    notes.noteTime('run', mail, 7)
    await sql('alter table job_time_minutes rename to hidden')
    try {
      await expect(notes.writeTimes()).rejects.toThrow(/job_time_minutes/)
      notes.noteTime('run', mail, 7)
    }
    finally {
      await sql('alter table hidden rename to job_time_minutes')
    }
    await notes.writeTimes()
    expect(await left('job_time_minutes')).toMatchObject([{ kind: 'run', queue_name: 'mail', count: '2' }])
  })

  it('are kept by the quarter of an hour when they are old, without changing what the charts of a day say', async () => {
    for (const [ms, minutes] of [[10, 0], [80, 3], [640, 5]] as const) {
      notes.noteTime('run', mail, ms)
      await notes.writeTimes()
      await age('job_time_minutes', minutes)
    }
    await sql(`update job_time_minutes set minute = minute - (now() - date_bin('15 minutes', now(), 'epoch')) - interval '3 hours' + interval '14 minutes'`)
    await sql(`update job_time_minutes set minute = date_trunc('minute', minute)`)
    const before = await series(['run_p50', 'run_p95'], { range: '24h' })
    expect(known(before.run_p95)).not.toEqual([])
    await keep.keepMinutes()
    expect(await series(['run_p50', 'run_p95'], { range: '24h' })).toEqual(before)
    const { rows } = await sql(`select count(*)::int as odd from job_time_minutes where minute <> date_bin('15 minutes', minute, 'epoch')`)
    expect(rows).toEqual([{ odd: 0 }])
  })

  it('and all other minutes are gone after eight days', async () => {
    notes.noteTime('run', mail, 7)
    await notes.writeTimes()
    await record.acceptJob(job())
    await record.presence.rollUpCounters(1000)
    await sample()
    for (const table of ['job_time_minutes', 'job_minutes', 'queue_depth_minutes']) {
      expect((await left(table)).length, table).toBeGreaterThan(0)
      await age(table, 8 * 1440 - 5)
    }
    await keep.keepMinutes()
    for (const table of ['job_time_minutes', 'job_minutes', 'queue_depth_minutes']) {
      expect((await left(table)).length, table).toBeGreaterThan(0)
      await age(table, 10)
    }
    await keep.keepMinutes()
    for (const table of ['job_time_minutes', 'job_minutes', 'queue_depth_minutes']) expect(await left(table), table).toEqual([])
  })
})

describe('what is counted', () => {
  it('is told before and after it is rolled up, per queue and per organization', async () => {
    const id = (await record.acceptJob(job())).id
    await record.acceptJob(job({ queueName: 'other' }))
    await record.acceptJob(job({ organizationId: THEIRS }))
    const look = async () => {
      const all = await series(['created', 'started', 'failed', 'retried'])
      return { created: sum(all.created), mail: sum((await series(['created'], { queue: 'mail' })).created), theirs: sum((await series(['created'], { organization: THEIRS })).created), retried: sum(all.retried), started: sum(all.started) }
    }
    expect(await look()).toEqual({ created: 2, mail: 1, theirs: 1, retried: 0, started: 0 })
    await sql('delete from due_jobs where job_id = $1', [id])
    await sql('update jobs set dispatched_at = now() where id = $1', [id])
    const [claimed] = await record.store.claimJobs([id], randomUUID(), 30)
    expect(claimed!.waitMs).toBeGreaterThanOrEqual(0)
    expect(claimed!.waitMs).toBeLessThan(10_000)
    await record.store.endRuns([{ id, run: 1, state: 'retrying', outcome: 'failed', result: null, error: 'no', delayMs: 60_000 }], [])
    while (await record.presence.rollUpCounters(2) === 2);
    expect(await look()).toEqual({ created: 2, mail: 1, theirs: 1, retried: 1, started: 1 })
  })

  it('counts the wait of a scheduled job from its time, and that of a later run from its dispatch', async () => {
    const hour = 3_600_000
    const id = (await record.acceptJob(job())).id
    const claimAfter = async (columns: string) => {
      await sql(`update jobs set state = 'pending', dispatched_at = now() - interval '5 seconds', ${columns} where id = $1`, [id])
      return (await record.store.claimJobs([id], randomUUID(), 30))[0]!.waitMs
    }
    const first = await claimAfter(`created_at = now() - interval '2 hours', scheduled_at = now() - interval '1 hour'`)
    expect(first).toBeGreaterThan(hour - 5000)
    expect(first).toBeLessThan(hour + 60_000)
    expect(await claimAfter('run = 1')).toBeLessThan(60_000)
  })
})

describe('the depth of queues', () => {
  it('is sampled once a minute, holds until the next sample, and ends with an empty one', async () => {
    for (let n = 0; n < 3; n++) await record.acceptJob(job())
    await record.acceptJob(job({ queueName: 'other' }))
    await record.acceptJob(job({ organizationId: THEIRS }))
    await record.presence.rollUpCounters(1000)
    await sample()
    await keep.sampleDepth(clock)
    const rows = (await left('queue_depth_minutes')).map(row => [row.organization_id === ORGANIZATION, row.queue_name, row.waiting])
    expect(rows.sort()).toEqual([[false, '', '1'], [false, 'mail', '1'], [true, '', '4'], [true, 'mail', '3'], [true, 'other', '1']].sort())
    await age('queue_depth_minutes', 10)
    const { depth } = await series(['depth'])
    expect(depth).toHaveLength(60)
    expect(depth.slice(-11)).toEqual(new Array(11).fill(4))
    expect(depth.slice(0, -11)).toEqual(new Array(49).fill(0))
    expect((await series(['depth'], { queue: 'mail' })).depth.at(-2)).toBe(3)
    expect((await series(['depth'], { organization: THEIRS })).depth.at(-1)).toBe(1)

    await sql('update job_counters set count = 0')
    await sample()
    expect((await series(['depth'])).depth.slice(-3)).toEqual([4, 4, 0])
    expect((await left('queue_depth_minutes')).filter(row => row.waiting === '0')).toHaveLength(5)
    await age('queue_depth_minutes', 2)
    await sample()
    expect((await left('queue_depth_minutes')).filter(row => row.waiting === '0')).toHaveLength(5)
  })

  it('begins with what the last sample before the range said', async () => {
    await record.acceptJob(job())
    await record.presence.rollUpCounters(1000)
    await sample()
    await age('queue_depth_minutes', 300)
    expect((await series(['depth'])).depth).toEqual(new Array(60).fill(1))
    expect(sum((await series(['running'])).running)).toBe(0)
  })
})
