import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { beat, claimOne, ended, job, left, ORGANIZATION, record, runOut, useRecord, WORKER } from './record.ts'
import { errorGroupOf, OTHER_GROUP } from '#server/domain/engine/error-form.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'

useRecord()

const engine = () => import('#server/domain/engine/roll-up-errors.ts')
const rollUp = async (groupsMax?: number) => { while (await (await engine()).rollUpBatch(1000, groupsMax) > 0); }
const groups = () => left('error_groups order by lower(form)')
const sums = async () => (await record.database.owner.query(`select (select coalesce(sum(count), 0)::int from error_groups) as groups, (select coalesce(sum(count), 0)::int from error_places) as places,
  (select coalesce(sum(count), 0)::int from error_series where step_minutes = 1) as minutes, (select coalesce(sum(count), 0)::int from error_series where step_minutes = 60) as hours`)).rows[0] as Record<string, number>

/** A job that fails with this text, for good unless it may be retried. */
async function failed(error: string, { state = 'failed', ...more }: Partial<NewJob> & { state?: 'failed' | 'retrying' } = {}): Promise<string> {
  const { id } = await record.acceptJob(job(more))
  const { run } = await claimOne(id)
  await record.store.endRuns([ended(id, run, { state, outcome: 'failed', error, result: null, delayMs: 60_000 })], [])
  return id
}

describe('failures', () => {
  it('of one form become one group, with where and when it was seen; the attempts know it', async () => {
    await beat({ version: '1.2.3' })
    const first = await failed('HTTP 503 for order 17', { queueName: 'mail' })
    const last = await failed('HTTP 503 for order 99', { queueName: 'bills', state: 'retrying' })
    await failed('disk full')
    await rollUp()
    const [full, http] = await groups()
    expect(full).toMatchObject({ form: 'disk full', count: '1' })
    expect(http).toMatchObject({ id: errorGroupOf('HTTP 503 for order 1'), form: 'HTTP 503 for order <n>', message: 'HTTP 503 for order 17', state: 'open', count: '2', first_job_id: first, last_job_id: last, last_version: '1.2.3' })
    expect((await left('error_places where queue_name in (\'mail\', \'bills\') order by queue_name')).map(row => [row.queue_name, row.count])).toEqual([['bills', '1'], ['mail', '1'], ['mail', '1']])
    expect(await sums()).toEqual({ groups: 3, places: 3, minutes: 3, hours: 3 })
    const attempts = await left(`job_attempts where error_group = '${String(http!.id)}' order by job_id`)
    expect(attempts.map(row => [row.job_id, row.dead])).toEqual([[first, true], [last, false]])
    expect(await left('error_deltas')).toEqual([])
  })

  it('that a dead worker is to blame for are a group too; a cancelled, a snoozed and a completed run are not', async () => {
    const { id } = await record.acceptJob(job())
    await claimOne(id)
    await runOut()
    await record.reapClaims()
    for (const outcome of ['cancelled', 'snoozed', 'handed_back'] as const) {
      const other = await record.acceptJob(job())
      await claimOne(other.id)
      await record.store.endRuns([ended(other.id, 1, { state: outcome === 'snoozed' ? 'scheduled' : outcome === 'cancelled' ? 'cancelled' : 'pending', outcome, error: 'no error', delayMs: 1000, result: null })], [])
    }
    const done = await record.acceptJob(job())
    await claimOne(done.id)
    await record.store.completeRuns([ended(done.id, 1)], [])
    await rollUp()
    expect(await groups()).toMatchObject([{ form: 'The worker that ran this job was lost.', count: '1', last_job_id: id }])
  })

  it('of a job that was asked to stop are none', async () => {
    const { id } = await record.acceptJob(job())
    await claimOne(id)
    await record.database.owner.query('update jobs set cancel_requested_at = now() where id = $1', [id])
    await record.store.endRuns([ended(id, 1, { state: 'retrying', outcome: 'failed', error: 'aborted', delayMs: 1000, result: null })], [])
    expect(await left('error_deltas')).toEqual([])
    expect(await left('job_attempts')).toMatchObject([{ error_group: null, dead: false }])
  })

  it('of two organizations are two groups of one id', async () => {
    await failed('disk full')
    await failed('disk full', { organizationId: randomUUID() })
    await rollUp()
    const [one, other] = await groups()
    expect(one!.id).toBe(other!.id)
    expect(one!.organization_id).not.toBe(other!.organization_id)
  })
})

describe('the roll-up', () => {
  const deltas = (count: number, text: (n: number) => string) => record.database.owner.query(
    `insert into error_deltas (organization_id, error_group, queue_name, job_type, count, job_id, run) select $1, error_group, 'mail', '', 1, gen_random_uuid(), 1 from unnest($2::uuid[]) as error_group`,
    [ORGANIZATION, Array.from({ length: count }, (_, n) => errorGroupOf(text(n)))])
  const letters = (n: number) => [...String(n)].map(digit => 'abcdefghij'[Number(digit)]).join('')

  it('counts each failure once under four leaders at once', async () => {
    await deltas(4000, n => `boom ${letters(n % 37)}`)
    const { rollUpBatch } = await engine()
    await Promise.all([1, 2, 3, 4].map(async () => { while (await rollUpBatch(150) > 0); }))
    await rollUp()
    expect(await sums()).toEqual({ groups: 4000, places: 4000, minutes: 4000, hours: 4000 })
    expect(await groups()).toHaveLength(37)
  })

  it('keeps a flood of different errors within the most groups, and counts the rest as other', async () => {
    await deltas(300, n => `flood ${letters(n)}`)
    await rollUp(20)
    await deltas(300, n => `more ${letters(n)}`)
    await deltas(5, () => 'flood a')
    await rollUp(20)
    const rows = await groups()
    expect(rows).toHaveLength(21)
    expect(rows.find(row => row.id === OTHER_GROUP)).toMatchObject({ count: '580', message: 'Other errors: too many different ones to keep apart' })
    expect(rows.find(row => row.id === errorGroupOf('flood a'))).toMatchObject({ count: '6' })
  })

  it('says that a resolved group fell back, by which job and worker version, once', async () => {
    await beat({ version: '1.0.0' })
    await failed('boom')
    await rollUp()
    await record.database.owner.query(`update error_groups set state = 'resolved', resolved_at = clock_timestamp() + interval '1 hour'`)
    await failed('boom')
    await rollUp()
    expect(await groups()).toMatchObject([{ state: 'resolved', count: '2', regressed_at: null }])
    await record.database.owner.query(`update error_groups set resolved_at = clock_timestamp() - interval '1 second'`)
    await record.database.owner.query(`update workers set version = '2.0.0' where id = $1`, [WORKER])
    const culprit = await failed('boom')
    await rollUp()
    await failed('boom')
    await rollUp()
    expect(await groups()).toMatchObject([{ state: 'regressed', count: '4', regressed_job_id: culprit, regressed_version: '2.0.0', regressed_at: expect.any(Date) }])
    expect(await left('events')).toMatchObject([{ action: 'error.regressed', subject_kind: 'error', subject_id: errorGroupOf('boom'), details: { job_id: culprit, version: '2.0.0' } }])
  })

  it('leaves a muted group muted, and counts on', async () => {
    await failed('boom')
    await rollUp()
    await record.database.owner.query(`update error_groups set state = 'muted'`)
    await failed('boom')
    await rollUp()
    expect(await groups()).toMatchObject([{ state: 'muted', count: '2' }])
  })

  it('forgets what is older than the jobs are kept, and remembers what was resolved', async () => {
    for (const text of ['old', 'old but resolved', 'new']) await failed(text)
    await rollUp()
    await record.database.owner.query(`update error_groups set last_seen = now() - interval '31 days' where form <> 'new'`)
    await record.database.owner.query(`update error_groups set state = 'resolved' where form = 'old but resolved'`)
    await record.database.owner.query(`update error_series set at = now() - interval '26 hours' where step_minutes = 1`)
    await (await engine()).forgetErrors()
    expect((await groups()).map(row => row.form)).toEqual(['new', 'old but resolved'])
    expect(await sums()).toEqual({ groups: 2, places: 2, minutes: 0, hours: 2 })
  })
})
