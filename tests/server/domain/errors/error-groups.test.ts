import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { claimOne, ended, job, left, ORGANIZATION, record, row, useRecord } from '../engine/record.ts'
import { errorGroupOf, OTHER_GROUP } from '#server/domain/engine/error-form.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import type { ListErrorsQuery } from '#shared/schemas/error-group.ts'

useRecord()

const THEIRS = randomUUID()
const load = async () => ({
  ...await import('#server/domain/errors/list-errors.ts'), ...await import('#server/domain/errors/get-error.ts'), ...await import('#server/domain/errors/operate-error.ts'),
  ...await import('#server/domain/engine/roll-up-errors.ts'), ...await import('#server/domain/jobs/list-jobs.ts'),
  ...await import('#server/domain/actions/start-action.ts'), ...await import('#server/domain/actions/run-chunk.ts'), ...await import('#server/domain/actions/read-actions.ts'),
})
let domain: Awaited<ReturnType<typeof load>>
beforeAll(async () => { domain = await load() })

/** A job that failed with this text, for good unless told otherwise, counted in its group. */
async function failed(error: string, { state = 'failed', ...more }: Partial<NewJob> & { state?: 'failed' | 'retrying' } = {}): Promise<string> {
  const { id } = await record.acceptJob(job(more))
  await failAgain(id, error, state)
  return id
}
async function failAgain(id: string, error: string, state: 'failed' | 'retrying' = 'failed') {
  const { run } = await claimOne(id)
  await record.store.endRuns([ended(id, run, { state, outcome: 'failed', error, result: null, delayMs: 0 })], [])
  await domain.rollUpErrors()
}
const list = (query: Partial<ListErrorsQuery> = {}, organizationId = ORGANIZATION) => domain.listErrors(organizationId, { limit: 50, ...query })
const get = (text: string) => domain.getError(ORGANIZATION, errorGroupOf(text), { range: '24h' })
const by = (text: string, reason?: string) => ({ organizationId: ORGANIZATION, actor: 'ada', id: errorGroupOf(text), reason })
const run = async (id: string, organizationId = ORGANIZATION) => {
  for (let step = await domain.runChunk(id, 500); step !== null; step = await domain.runChunk(id, 500)) await step.after()
  return domain.getAction(organizationId, id)
}
const retry = async (text: string) => run((await domain.retryError(by(text, 'mended'))).id)

describe('the list of errors', () => {
  it('is last seen first, page by page, and each says where and when', async () => {
    for (const text of ['boom', 'bang', 'crash', 'boom']) await failed(text, { queueName: text === 'boom' ? 'bills' : 'mail' })
    const first = await list({ limit: 2 })
    expect(first.errors.map(group => [group.form, group.count, group.queues])).toEqual([['boom', 2, ['bills']], ['crash', 1, ['mail']]])
    expect(first.errors[0]!.trend).toHaveLength(24)
    expect(first.errors[0]!.trend.at(-1)).toBe(2)
    const second = await list({ limit: 2, cursor: first.next_cursor! })
    expect(second).toMatchObject({ errors: [{ form: 'bang' }], next_cursor: null, counts: { open: 3, muted: 0, resolved: 0, regressed: 0 } })
    await expect(list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  })

  it('is filtered by state, queue, type and text', async () => {
    await failed('boom 100% of _it', { queueName: 'bills' })
    await failed('Bang', { queueName: 'mail', jobType: 'drill' })
    await domain.resolveError(by('Bang'))
    const forms = async (query: Partial<ListErrorsQuery>) => (await list(query)).errors.map(group => group.form)
    expect(await forms({ state: ['resolved'] })).toEqual(['Bang'])
    expect(await forms({ state: ['open', 'regressed'] })).toEqual(['boom <n> of _it'])
    expect(await forms({ queue_name: 'bills' })).toEqual(['boom <n> of _it'])
    expect(await forms({ type: 'drill' })).toEqual(['Bang'])
    expect(await forms({ queue_name: 'bills', job_type: 'drill' })).toEqual([])
    expect(await forms({ q: 'bANG' })).toEqual(['Bang'])
    expect(await forms({ q: '100% OF _' })).toEqual(['boom <n> of _it'])
    expect(await forms({ q: '%' })).toEqual(['boom <n> of _it'])
  })
})

describe('an error group', () => {
  it('tells its message, places, series and newest jobs', async () => {
    const one = await failed('HTTP 503 for order 1', { queueName: 'bills' })
    const two = await failed('HTTP 503 for order 2', { queueName: 'bills', state: 'retrying' })
    const group = await get('HTTP 503 for order 3')
    expect(group).toMatchObject({ message: 'HTTP 503 for order 1', form: 'HTTP 503 for order <n>', count: 2, dead_jobs: 1, dead_jobs_at_least: false, places: [{ queue_name: 'bills', job_type: null, count: 2 }] })
    expect(group.jobs.map(each => each.id)).toEqual([two, one])
    expect(group.jobs[0]).toMatchObject({ error_group: group.id })
    expect(group.series.points).toHaveLength(96)
    expect(group.series.points.at(-1)).toBe(2)
    expect(group.story).toMatchObject([{ kind: 'first_seen', job_id: one }])
  })

  it('lists its jobs in pages, each once however often it failed, and by state', async () => {
    const ids = [await failed('boom'), await failed('boom', { state: 'retrying' }), await failed('boom')]
    await failed('other')
    await record.database.owner.query('update jobs set state = \'pending\' where id = $1', [ids[1]])
    await failAgain(ids[1]!, 'boom')
    const page = await domain.listJobs(ORGANIZATION, { error_group: errorGroupOf('boom'), limit: 2 })
    expect(page.rows.map(each => each.id)).toEqual([ids[2], ids[1]])
    expect((await domain.listJobs(ORGANIZATION, { error_group: errorGroupOf('boom'), limit: 2, cursor: page.nextCursor! })).rows.map(each => each.id)).toEqual([ids[0]])
    expect((await domain.listJobs(ORGANIZATION, { error_group: errorGroupOf('boom'), state: ['completed'], limit: 5 })).rows).toEqual([])
    expect((await domain.listJobs(ORGANIZATION, { q: `error_group:${errorGroupOf('boom')} failures:*`, limit: 5 })).rows.map(each => each.id)).toEqual(ids.toReversed())
  })

  it('holds a failed job by its last run, any other by all of them, in lists and in searches alike', async () => {
    const id = await failed('boom', { state: 'retrying' })
    const found = async (text: string, by: 'field' | 'search' | 'not') => (await domain.listJobs(ORGANIZATION, {
      limit: 5, ...(by === 'field' ? { error_group: errorGroupOf(text) } : { q: `${by === 'not' ? '-' : ''}error_group:${errorGroupOf(text)}` }) })).rows.map(each => each.id)
    await record.database.owner.query('update jobs set state = \'pending\' where id = $1', [id])
    await failAgain(id, 'other')
    for (const by of ['field', 'search'] as const) expect([await found('boom', by), await found('other', by)], by).toEqual([[], [id]])
    expect([await found('boom', 'not'), await found('other', 'not')]).toEqual([[id], []])
    await record.database.owner.query('update jobs set state = \'completed\' where id = $1', [id])
    for (const by of ['field', 'search'] as const) expect([await found('boom', by), await found('other', by)], by).toEqual([[id], [id]])
  })

  it('is muted, unmuted, resolved and reopened, and tells who did it and why', async () => {
    await failed('boom')
    const until = new Date(Date.now() + 3_600_000).toISOString()
    expect(await domain.muteError(by('boom', 'known'), until)).toMatchObject({ state: 'muted', muted_until: until })
    expect(await domain.unmuteError(by('boom'))).toMatchObject({ state: 'open', muted_until: null })
    expect(await domain.resolveError(by('boom', 'shipped 1.3'))).toMatchObject({ state: 'resolved', resolved_at: expect.any(String) })
    expect(await domain.resolveError(by('boom'))).toMatchObject({ state: 'resolved' })
    expect(await domain.unmuteError(by('boom'))).toMatchObject({ state: 'resolved' })
    expect(await domain.reopenError(by('boom'))).toMatchObject({ state: 'open' })
    expect((await get('boom')).story.map(step => step.text)).toEqual([
      'Seen for the first time.', `Muted by ada until ${until.slice(0, 16).replace('T', ' ')} UTC: known`, 'Unmuted by ada.', 'Resolved by ada: shipped 1.3', 'Reopened by ada.'])
  })

  it('is open again when its mute is over', async () => {
    await failed('boom')
    await domain.muteError(by('boom'), new Date(Date.now() + 3_600_000).toISOString())
    await record.database.owner.query(`update error_groups set muted_until = now() - interval '1 second'`)
    expect(await list({ state: ['open'] })).toMatchObject({ errors: [{ state: 'open', muted_until: null }], counts: { open: 1, muted: 0 } })
  })

  it('that was resolved and comes back is regressed, and says by which job', async () => {
    await failed('boom')
    await domain.resolveError(by('boom'))
    const culprit = await failed('boom')
    expect(await get('boom')).toMatchObject({ state: 'regressed', regressed: { job_id: culprit, version: null } })
    expect((await get('boom')).story.at(-1)).toMatchObject({ kind: 'regressed', job_id: culprit, text: 'Came back after it was resolved.' })
    expect(await domain.resolveError(by('boom'))).toMatchObject({ state: 'resolved' })
  })
})

describe('retrying a group', () => {
  it('runs every job again that died of it, and no other', async () => {
    const dead = [await failed('boom'), await failed('boom', { queueName: 'bills' })]
    const retrying = await failed('boom', { state: 'retrying' })
    const other = await failed('other')
    const diedOfOther = await failed('boom', { state: 'retrying' })
    await record.database.owner.query('update jobs set state = \'pending\' where id = $1', [diedOfOther])
    await failAgain(diedOfOther, 'other')
    const action = await retry('boom')
    expect(action).toMatchObject({ action: 'retry', state: 'completed', matched: 2, done: 2, filter: { error_group: errorGroupOf('boom'), state: ['failed'] }, reason: 'mended' })
    for (const id of dead) expect(await row(id)).toMatchObject({ state: 'pending', failures: 0 })
    expect(await row(retrying)).toMatchObject({ state: 'retrying' })
    for (const id of [other, diedOfOther]) expect(await row(id)).toMatchObject({ state: 'failed' })
    expect((await get('boom'))).toMatchObject({ dead_jobs: 0, story: [{}, { kind: 'retried', text: '2 jobs sent to run again by ada: mended', action_id: action.id }] })
    expect(await retry('boom')).toMatchObject({ matched: 0, state: 'completed' })
    expect((await get('boom')).story).toHaveLength(2)
    expect((await left('events')).filter(event => event.action === 'job.retried')).toHaveLength(2)
  })

  it('leaves alone what failed after it was asked for, also a job that failed so once more', async () => {
    const [again, first] = [await failed('boom'), await failed('boom')]
    const { id } = await domain.retryError(by('boom'))
    await run((await domain.startAction({ organizationId: ORGANIZATION, actor: 'eve' }, { action: 'retry', ids: [again], dry_run: false, rate: 1000 })).id)
    await failAgain(again, 'boom')
    await failed('boom')
    expect(await run(id)).toMatchObject({ matched: 2, done: 1, skipped_by: { changed: 1 } })
    expect([await row(first), await row(again)]).toMatchObject([{ state: 'pending' }, { state: 'failed' }])
  })

  it('writes down the jobs of a group too large to be known at once, page by page of its runs', async () => {
    await record.database.owner.query(`
      insert into jobs (id, organization_id, queue_name, state, payload, run, max_retries, timeout_seconds, created_at, updated_at, failed_at, completed_at)
      select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - 60000), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid, $1, 'mail', 'failed', '{}', 2, 0, 60, now(), now(), now(), now()
      from generate_series(1, 10500) as n`, [ORGANIZATION])
    await record.database.owner.query(`
      insert into job_attempts (job_id, run, organization_id, outcome, finished_at, error_group, dead)
      select id, r, $1, 'failed', now(), $2, r = 2 from jobs, generate_series(1, 2) as r where queue_name = 'mail'`, [ORGANIZATION, errorGroupOf('boom')])
    await failed('boom')
    const action = await domain.retryError(by('boom'))
    expect(action).toMatchObject({ matched: 10_501, is_exact: true, state: 'gathering' })
    expect(await run(action.id)).toMatchObject({ done: 10_501, skipped: 0 })
    // A job that no longer is failed is found by any of its runs, and once.
    expect(await domain.previewAction({ organizationId: ORGANIZATION, actor: 'ada' }, { action: 'cancel', filter: { error_group: errorGroupOf('boom') }, dry_run: true, rate: 1 })).toMatchObject({ matched: 10_501, untouched: 0 })
  })

  it('is told in its story also when something else is done to its jobs', async () => {
    await failed('boom', { state: 'retrying' })
    await domain.startAction({ organizationId: ORGANIZATION, actor: 'ada' }, { action: 'cancel', filter: { q: `error_group:${errorGroupOf('boom')}` }, dry_run: false, rate: 1000, reason: 'no use' })
    expect((await get('boom')).story.at(-1)).toMatchObject({ kind: 'acted', text: '1 job cancelled by ada: no use' })
  })

  it('refuses the group of other errors, which has no one cause', async () => {
    await failed('boom')
    await record.database.owner.query('update error_groups set id = $1', [OTHER_GROUP])
    await expect(domain.retryError({ ...by('boom'), id: OTHER_GROUP })).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('another organization', () => {
  it('sees, changes and retries nothing of ours', async () => {
    const id = await failed('boom')
    const theirs = { ...by('boom'), organizationId: THEIRS }
    expect(await list({}, THEIRS)).toMatchObject({ errors: [], counts: { open: 0 } })
    for (const work of [() => domain.getError(THEIRS, theirs.id, { range: '1h' }), () => domain.muteError(theirs, null), () => domain.resolveError(theirs), () => domain.retryError(theirs)]) {
      await expect(work()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
    await failed('boom', { organizationId: THEIRS })
    await domain.muteError(theirs, null)
    expect(await run((await domain.retryError(theirs)).id, THEIRS)).toMatchObject({ done: 1 })
    expect(await get('boom')).toMatchObject({ state: 'open', count: 1, dead_jobs: 1 })
    expect(await row(id)).toMatchObject({ state: 'failed' })
    expect((await domain.listJobs(THEIRS, { error_group: theirs.id, limit: 10 })).rows.map(each => each.id)).not.toContain(id)
  })
})
