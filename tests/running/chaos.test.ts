import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { installAudit } from '../../bench/chaos/audit.ts'
import { CANCELLED, KINDS, ORDERED, type Kind } from '../../bench/chaos/kinds.ts'
import { acknowledge, newLedger } from '../../bench/chaos/ledger.ts'
import { chooseOptions } from '../../bench/chaos/options.ts'
import { describeOutcome, isBad } from '../../bench/chaos/report.ts'
import { runChaos } from '../../bench/chaos/run-chaos.ts'
import { judge } from '../../bench/chaos/verdict.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const SHORT_WITHIN_MS = 150_000

describe('a product whose parts are killed, stopped and filled while jobs of every kind pour in', () => {
  it('keeps everything it promised', { timeout: SHORT_WITHIN_MS }, async () => {
    const said: string[] = []
    const { outcome } = await runChaos(chooseOptions({ short: true }), line => said.push(line))
    expect(isBad(outcome), [...said, ...describeOutcome(outcome)].join('\n')).toBe(false)
    expect(outcome.verdict.figures['acknowledged jobs']).toBeGreaterThanOrEqual(4000)
    expect(outcome.verdict.figures['runs lost, crashed or handed back']).toBeGreaterThan(0)
  })
})

describe('the verdict on a history', () => {
  const ORGANIZATION = '00000000-0000-7000-8000-000000000001'
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
    await installAudit(database.owner)
  })
  beforeEach(() => database.owner.query('truncate jobs, job_attempts, claims, due_jobs, job_slots, job_expiries, cancel_requests, job_counters, job_counter_deltas, chaos.moves'))
  afterAll(() => database?.drop())

  const sql = (text: string, values: unknown[] = []) => database.owner.query(text, values)
  const add = async (more: { orderingKey?: string, n?: number, counted?: boolean } = {}): Promise<string> => {
    const id = randomUUID()
    await sql(`insert into jobs (id, organization_id, queue_name, job_type, state, payload, ordering_key, max_retries, timeout_seconds, created_at, updated_at)
      values ($1, $2, 'mail', 'drill', 'pending', $3, $4, 0, 60, now(), now())`, [id, ORGANIZATION, JSON.stringify({ n: more.n ?? 1 }), more.orderingKey ?? null])
    if (more.counted !== false) {
      await sql(`insert into job_counter_deltas (organization_id, queue_name, job_type, state, delta) values ($1, 'mail', 'drill', 'created', 1), ($1, 'mail', 'drill', 'completed', 1)`, [ORGANIZATION])
    }
    return id
  }
  const start = (id: string) => sql(`update jobs set state = 'running', run = run + 1 where id = $1`, [id])
  const move = (id: string, state: string) => sql(`update jobs set state = $2, completed_at = now() where id = $1`, [id, state])
  const complete = async (id: string) => {
    await start(id)
    await move(id, 'completed')
  }
  const broken = async (ledger = newLedger()) => {
    const { settledSeconds, findings } = await judge(database.owner, { ledger, settleMs: 1 })
    return { settled: !Number.isNaN(settledSeconds), checks: findings.filter(finding => finding.count > 0).map(finding => finding.check), findings }
  }
  const kind = (name: string): Kind => [...KINDS, ORDERED, CANCELLED].find(each => each.name === name)!
  const promise = (id: string, name: string, payload = {}) => {
    const ledger = newLedger()
    acknowledge(ledger, id, { kind: kind(name), body: { payload } })
    return ledger
  }

  it('finds nothing in one that is as it must be', async () => {
    const id = await add()
    await complete(id)
    expect(await broken(promise(id, 'instant'))).toMatchObject({ settled: true, checks: [] })
  })

  it.each<[string, string, () => Promise<unknown>]>([
    ['a move that is not legal', 'states moved along legal edges only', async () => {
      const id = await add()
      await move(id, 'completed')
    }],
    ['a job that went away', 'states moved along legal edges only', async () => {
      await complete(await add())
      await sql('delete from jobs')
    }],
    ['a claim that did not raise the run', 'every move began where the one before had ended, and every claim raised the run by one', async () => {
      const id = await add()
      await move(id, 'running')
      await move(id, 'completed')
    }],
    ['a second accepted finish of a run', 'at most one accepted finish per run', async () => {
      const id = await add()
      await complete(id)
      await sql(`insert into chaos.moves (job_id, from_state, to_state, run) values ($1, 'running', 'completed', 1)`, [id])
    }],
    ['a lost run without an attempt', 'a run that ended otherwise than completed has its attempt', async () => {
      const id = await add()
      await start(id)
      await move(id, 'pending')
      await complete(id)
    }],
    ['two jobs of an ordering key at once', 'jobs of an ordering key never overlapped', async () => {
      const [one, two] = [await add({ orderingKey: 'k', n: 1 }), await add({ orderingKey: 'k', n: 2 })]
      await start(one)
      await start(two)
      await move(one, 'completed')
      await move(two, 'completed')
    }],
    ['jobs of an ordering key the wrong way round', 'jobs of an ordering key ran in order', async () => {
      await complete(await add({ orderingKey: 'k', n: 2 }))
      await complete(await add({ orderingKey: 'k', n: 1 }))
    }],
    ['a job that was not counted', 'counters equal rows', async () => complete(await add({ counted: false }))],
    ['a claim that nobody holds', 'nothing is left in claims, slots, waiting room, cancel requests and expiries', async () => {
      await complete(await add())
      await sql(`insert into claims (worker_id, job_ids, runs, expires_at) values ($1, '{}', '{}', now())`, [randomUUID()])
    }],
  ])('finds %s', async (_what, check, plant) => {
    await plant()
    expect((await broken()).checks).toContain(check)
  })

  it('finds a job that was acknowledged and is not there', async () => {
    expect((await broken(promise(randomUUID(), 'instant'))).findings.flatMap(finding => finding.examples.map(example => example.detail))).toEqual(['instant: lost'])
  })

  it('finds a job that ended otherwise than its kind must, and tells its whole history', async () => {
    const id = await add()
    await complete(id)
    const { findings } = await broken(promise(id, 'failing', { fail_times: 1000 }))
    const [example] = findings.flatMap(finding => finding.examples)
    expect(example).toMatchObject({ jobId: id, detail: 'failing: completed, not failed' })
    for (const move of ['new -> pending', 'pending -> running', 'running -> completed']) expect(example!.history).toContain(move)
  })

  it('finds a job that never ends', async () => {
    await start(await add())
    expect((await broken()).settled).toBe(false)
  })
})
