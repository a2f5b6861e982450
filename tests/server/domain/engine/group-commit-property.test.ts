import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import type * as Accept from '#server/domain/engine/accept-jobs.ts'
import type { NewJob } from '#server/domain/engine/make-rows.ts'
import type * as Store from '#server/domain/engine/insert-jobs.ts'

const ORGANIZATIONS = [randomUUID(), randomUUID()]
let database: TestDatabase
let accept: typeof Accept
let store: typeof Store
let closeDatabase: () => Promise<void>

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  accept = await import('#server/domain/engine/accept-jobs.ts')
  store = await import('#server/domain/engine/insert-jobs.ts')
  closeDatabase = (await import('#server/infra/database.ts')).closeDatabase
})
afterAll(async () => {
  await closeDatabase?.()
  await database?.drop()
})

const clear = () => database.owner.query('truncate jobs, due_jobs, job_expiries, idempotency_keys, job_counters, job_counter_deltas')

/** Text that passes as a string and that PostgreSQL refuses as JSON, as a number, or as a time. */
type Flaw = 'none' | 'nul' | 'no json' | 'priority' | 'time'
interface Row { organization: number, key: number | null, flaw: Flaw, mark: number }
const row: fc.Arbitrary<Row> = fc.record({
  organization: fc.nat(1), key: fc.option(fc.nat(4)), mark: fc.nat(1e6),
  flaw: fc.oneof({ weight: 8, arbitrary: fc.constant('none' as const) }, fc.constantFrom<Flaw>('nul', 'no json', 'priority', 'time')),
})
/** Calls at the same time: jobs that come one by one, and bulk calls. */
const calls = fc.array(fc.oneof({ weight: 3, arbitrary: row.map(one => [one]) }, fc.array(row, { minLength: 2, maxLength: 40 })), { minLength: 1, maxLength: 25 })

const toJob = ({ organization, key, flaw, mark }: Row): NewJob => ({
  organizationId: ORGANIZATIONS[organization]!, queueName: 'mail', jobType: null, maxRetries: 1, timeoutSeconds: 60,
  payload: flaw === 'nul' ? '{"text":"\\u0000"}' : flaw === 'no json' ? '{' : JSON.stringify({ mark }),
  priority: flaw === 'priority' ? 40_000 : 0,
  ...(flaw === 'time' && { scheduledAt: '+275760-09-13T00:00:00.000Z' }), ...(key !== null && { idempotencyKey: `key-${key}` }),
})

type Answer = Accept.AcceptedJob | Error
/** A call of one row comes as a single job, others as a bulk call. */
async function call(rows: Row[]): Promise<Answer[]> {
  if (rows.length > 1) return accept.acceptJobs(rows.map(toJob))
  return [await accept.acceptJob(toJob(rows[0]!)).catch((error: Error) => error)]
}

interface Stored { id: string, organization_id: string, idempotency_key: string | null, payload: { mark: number } }
const readStored = async () => (await database.owner.query<Stored>('select id, organization_id, idempotency_key, payload from jobs')).rows

/** Every caller was told the truth: what is created is there as it was sent, what is not created is another's, what failed is not there. */
async function expectTruth(told: { row: Row, answer: Answer }[], { lossesAllowed = false } = {}): Promise<void> {
  const stored = new Map((await readStored()).map(each => [each.id, each]))
  const created = new Set<string>()
  for (const { row, answer } of told) {
    if (answer instanceof Error) {
      if (!lossesAllowed) expect(row.flaw, String(answer)).not.toBe('none')
      continue
    }
    const job = stored.get(answer.id)
    expect(job).toMatchObject({ organization_id: ORGANIZATIONS[row.organization], idempotency_key: row.key === null ? null : `key-${row.key}` })
    if (!answer.created) continue
    expect(created.has(answer.id), 'an id that was created twice').toBe(false)
    created.add(answer.id)
    expect(row.flaw).toBe('none')
    expect(job!.payload.mark).toBe(row.mark)
  }
  const keys = [...stored.values()].filter(job => job.idempotency_key !== null).map(job => `${job.organization_id} ${job.idempotency_key}`)
  expect(new Set(keys).size, 'jobs of different keys').toBe(keys.length)
  if (!lossesAllowed) expect(new Set(stored.keys()), 'jobs that nobody was told of').toEqual(created)
  await expectCounters(stored.size)
}

async function expectCounters(jobs: number): Promise<void> {
  const { rows: [counted] } = await database.owner.query<{ n: number }>(`select coalesce(sum(delta), 0)::int as n from job_counter_deltas where state in ('pending', 'scheduled')`)
  expect(counted!.n, 'the counters').toBe(jobs)
}

describe('accepting jobs together', () => {
  it('tells every caller the truth, whatever arrives at once: repeated keys, bad rows, single jobs and bulk calls', { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(calls, async (calls) => {
      await clear()
      const answers = await Promise.all(calls.map(call))
      await expectTruth(calls.flatMap((rows, index) => rows.map((row, n) => ({ row, answer: answers[index]![n]! }))))
    }), { numRuns: 60 })
  })

  it('fails a bad row alone: all good rows beside it are accepted', { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(row.map(each => ({ ...each, key: null })), { minLength: 1, maxLength: 120 }), async (rows) => {
      await clear()
      const answers = await accept.acceptJobs(rows.map(toJob))
      expect(answers.map(answer => answer instanceof Error)).toEqual(rows.map(each => each.flaw !== 'none'))
    }), { numRuns: 30 })
  })

  it('keeps a key for its job across flushes, and a key whose first row was bad is free', { timeout: 60_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
      await clear()
      const [first, second] = [await accept.acceptJobs(rows.map(toJob)), await accept.acceptJobs(rows.map(toJob))]
      const owners = new Map<string, string>()
      for (const [index, each] of [...rows, ...rows].entries()) {
        const answer = [...first, ...second][index]!
        if (answer instanceof Error) expect(each.flaw, String(answer)).not.toBe('none')
        if (each.key === null || answer instanceof Error) continue
        const name = `${each.organization} ${each.key}`
        expect(answer.id).toBe(owners.get(name) ?? answer.id)
        owners.set(name, answer.id)
      }
    }), { numRuns: 30 })
  })

  it('tells the truth when connections are lost in the middle: nobody is told of a job that is not there, no key has two', { timeout: 60_000 }, async () => {
    let lost = 0
    await fc.assert(fc.asyncProperty(calls, fc.array(fc.nat(12), { maxLength: 4 }), async (calls, pauses) => {
      await clear()
      const killing = kill(pauses)
      const answers = await Promise.all(calls.map(rows => call(rows).catch((error: Error) => rows.map(() => error))))
      lost += await killing
      await expectTruth(calls.flatMap((rows, index) => rows.map((row, n) => ({ row, answer: answers[index]![n]! }))), { lossesAllowed: true })
    }), { numRuns: 40 })
    expect(lost, 'connections that were ended').toBeGreaterThan(0)
  })

  it('counts a statement once that was committed before its answer was lost', async () => {
    await clear()
    const rows = [newRow('a'), newRow('b'), newRow(null)]
    expect((await store.insertJobs(rows)).size).toBe(3)
    expect((await store.insertJobs(rows, true)).size).toBe(0)
    expect(await readStored()).toHaveLength(3)
    await expectCounters(3)
  })
})

/** Ends the engine's connections on the server while they work, after each of the pauses (milliseconds); answers how many. */
async function kill(pauses: number[]): Promise<number> {
  let ended = 0
  for (const pause of pauses) {
    await new Promise(resolve => setTimeout(resolve, pause))
    const { rowCount } = await database.owner.query(`
      select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name in ('bespin-engine', 'bespin-hot') and state = 'active'`)
    ended += rowCount ?? 0
  }
  return ended
}

function newRow(key: string | null): Store.NewRow {
  const id = `${Date.now().toString(16).padStart(12, '0').replace(/^(.{8})(.{4})$/, '$1-$2')}-7000-8000-${randomUUID().slice(-12)}`
  return {
    id, payload: '{"mark":1}', rest: {
      organization_id: ORGANIZATIONS[0]!, queue_name: 'mail', job_type: null, state: 'pending', priority: 0, tags: null, idempotency_key: key,
      idempotency_seconds: 60, ordering_key: null, concurrency_key: null, gated: false, max_retries: 1, backoff: null, timeout_seconds: 60, due_at: null,
      dispatched_at: null, scheduled_at: null, expires_at: null, created_at: new Date().toISOString(),
    },
  }
}
