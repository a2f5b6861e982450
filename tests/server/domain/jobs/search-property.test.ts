import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jobCondition } from '#server/domain/jobs/job-condition.ts'
import { parseJobSearch, printJobSearch } from '#shared/job-search.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { fits, type PlainJob } from './plain-search.ts'

const OURS = randomUUID()
const THEIRS = randomUUID()
const NOW = Date.parse('2026-11-21T12:00:00.000Z')
const WORKERS = [{ id: '0197c4d2-0000-7000-8000-00000000000a', name: 'alpha' }, { id: '0197c4d3-0000-7000-8000-00000000000b', name: 'beta 2' }]
const GROUPS = ['5f9c1a2b-7a10-8c3e-9f21-5d0b6a4e1c77', '00c1f3a4-aaaa-8aaa-9aaa-0123456789ab']
let database: TestDatabase
let jobs: PlainJob[]

const pick = <T>(...values: T[]) => fc.constantFrom(...values)
const QUEUES = ['mail', 'mail-slow', 'reports', 'a%b_c', 'MAIL']
const LEAVES = [42, '42', 'prod', true, 'true', null, 'null', '%', '_', 'a"b\\c', 'Ünï', 1.5, -3, '', 'prod-eu', [1, 'a'], { deep: [{ n: 7 }, { n: '7' }] }]
const anyLeaf = fc.constantFrom<unknown>(...LEAVES)
const anyObject = fc.dictionary(pick('user', 'env', 'n', 'a.b', 'items', '[]'), fc.oneof(anyLeaf, fc.dictionary(pick('id', 'name', 'n'), anyLeaf), fc.array(fc.oneof(anyLeaf, fc.dictionary(pick('sku', 'n'), anyLeaf)), { maxLength: 3 })), { maxKeys: 4 })
  .map(object => JSON.parse(JSON.stringify(object)) as Record<string, unknown>)
const momentsAgo = fc.integer({ min: 0, max: 4 * 86_400_000 })

const anyJob: fc.Arbitrary<PlainJob> = fc.record({
  queue: pick(...QUEUES), type: pick(null, 'random-text', 'drill'), state: pick('completed', 'failed', 'pending', 'retrying'),
  priority: pick(-5, 0, 5, 6, 100), runs: fc.nat(4), failures: fc.nat(3), crashes: fc.nat(1),
  payload: fc.oneof(anyObject, anyObject, fc.constant<unknown>([1, { n: 1 }]), fc.constant<unknown>('plain'), fc.constant<unknown>(null)), result: fc.oneof(fc.constant(undefined), anyObject),
  tags: fc.oneof(fc.constant(null), anyObject), error: pick(null, 'Request timed out', '100% full_disk', 'connection reset by "peer\\x"', 'TIMEOUT 503'),
  key: pick(null, 'order-1', 'order-2', 'a,b c'), workerAt: pick(-1, 0, 1), ago: momentsAgo, took: pick(null, 0, 999, 30_000, 90_000),
  groups: fc.array(pick(...GROUPS), { minLength: 4, maxLength: 4 }),
}).map(({ workerAt, ago, took, groups, ...job }) => {
  const created = NOW - ago
  const worker = WORKERS[workerAt]
  return { ...job, failedWith: groups.slice(0, job.runs), id: uuidv7({ msecs: created }), created, started: took === null ? null : created, finished: took === null ? null : created + took, worker: worker?.id ?? null, workerName: worker?.name ?? null }
})

const word = pick('timeout', 'time', 'mail', '503', '"timed out"', '"100%"', '"full_"', '%', '_', 'drill', 'prod', '"peer\\\\x"', 'dead', '019', '"a\\"b"', 'env', 'Ünï')
const value = pick('42', '"42"', 'prod', 'prod*', 'true', 'null', '"null"', '*', '%', '"_"', '1.5', '-3', '""', '"a\\"b\\\\c"', '>1', '<=42', '1..50', '..2', '7', 'Ünï', '42,prod', '1e0')
const path = pick('.user', '.user.id', '.env', '.n', '."a.b"', '.items[]', '.items[].sku', '.items[].n', '[]', '[].n', '.items[].deep[].n', '."[]"', '.items', '.user.name', '.n.deep')
const number = pick('5', '>5', '<0', '>=0', '<=4', '0..5', '-5..', '*', '5,-5', '1', '2..')
const time = pick('2026-11-20', '>2026-11-20', '<=2026-11-20', '>=2026-11-20T14:02', '<2026-11-19T00:00:00.500Z', '2026-11-18..2026-11-19', 'today', 'yesterday', '2026-11', '*', '..2026-11-20', '2026-11-20T10..', '2026-11-20T13:00+02:00..today')
const span = pick('<1h', '>1d', '<=36h', '>=1h30m', '1h..2d', '>30s', '<1s', '..30s', '1s..')
const qualifier = fc.oneof(
  fc.tuple(pick('queue'), pick('mail', 'mail*', 'a%b_c', 'a*', 'reports,MAIL', '*', '"mail*"')), fc.tuple(pick('type'), pick('drill', '*', 'random*,drill', 'nothing')),
  fc.tuple(pick('state'), pick('failed', 'failed,expired', 'completed', 'pending,retrying')), fc.tuple(pick('error'), word), fc.tuple(pick('error'), pick('*', '"timed out",disk')),
  fc.tuple(pick('priority', 'runs', 'failures', 'crashes'), number), fc.tuple(pick('created', 'started', 'finished'), time), fc.tuple(pick('age', 'duration'), span),
  fc.tuple(pick('key'), pick('order-1', 'order*', '"a,b c"', '*')), fc.tuple(pick('worker'), pick('alpha', '"beta 2"', '0197c4d2', '*', '0197C4D3-0000')),
  fc.tuple(fc.tuple(pick('payload', 'result', 'tag'), path).map(([root, rest]) => `${root}${rest}`), value), fc.tuple(pick('payload', 'result'), pick('*', 'prod', '"sku"', 'id')),
  fc.tuple(pick('tag'), pick('env', 'n,user', '*', '"a.b"')), fc.tuple(pick('id'), pick('019', '0197c4d2', 'ffff')),
  fc.tuple(pick('error_group'), pick(GROUPS[0]!, GROUPS[1]!, GROUPS.join())),
).map(([key, wanted]) => `${key}:${wanted}`)
const term = fc.tuple(pick('', '', '-'), fc.oneof(qualifier, qualifier, qualifier, word)).map(parts => parts.join(''))
const anySearch = fc.array(term, { minLength: 1, maxLength: 3 }).map(terms => terms.join(' ')).filter(q => parseJobSearch(q).problems.length === 0)

beforeAll(async () => {
  database = await createTestDatabase()
  jobs = fc.sample(anyJob, { numRuns: 250, seed: 42 })
  for (const worker of WORKERS) await database.owner.query(`INSERT INTO workers (id, hostname, pid, version, queues, slots, name) VALUES ($1, 'host', 1, '1', '{}', 1, $2)`, [worker.id, worker.name])
  const at = (moment: number | null) => (moment === null ? null : new Date(moment))
  for (const [index, job] of [...jobs, ...jobs.slice(0, 20)].entries()) {
    const isOurs = index < jobs.length
    await database.owner.query(`INSERT INTO jobs (id, organization_id, queue_name, job_type, state, priority, run, failures, crashes, payload, result, tags, last_error, idempotency_key, worker_id, created_at, started_at, completed_at, failed_at, updated_at, max_retries, timeout_seconds)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, CASE WHEN $5 = 'failed' THEN now() END, now(), 3, 300)`,
    [isOurs ? job.id : randomUUID(), isOurs ? OURS : THEIRS, job.queue, job.type, job.state, job.priority, job.runs, job.failures, job.crashes, JSON.stringify(job.payload), job.result === undefined ? null : JSON.stringify(job.result), job.tags === null ? null : JSON.stringify(job.tags), job.error, job.key, job.worker, at(job.created), at(job.started), at(job.finished)])
    for (const [run, group] of (isOurs ? job.failedWith : []).entries()) await database.owner.query(`INSERT INTO job_attempts (job_id, run, organization_id, outcome, finished_at, error_group) VALUES ($1, $2, $3, 'failed', now(), $4)`, [job.id, run + 1, OURS, group])
  }
})
afterAll(() => database?.drop())

describe('a search', () => {
  it('means the same after being read and printed', () => {
    const strip = (q: string) => parseJobSearch(q).terms.map(({ at: _, end: _end, valueAt: _valueAt, ...rest }) => rest)
    fc.assert(fc.property(fc.oneof(anySearch, fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'a:"\\,.[]*<>- 1payload') })), (q) => {
      const { terms } = parseJobSearch(q)
      expect(parseJobSearch(printJobSearch(terms)).problems).toEqual([])
      expect(strip(printJobSearch(terms))).toEqual(strip(q))
    }), { numRuns: 3000 })
  })

  it('finds in PostgreSQL exactly the jobs that it finds in plain JavaScript', async () => {
    const found = { some: 0 }
    await fc.assert(fc.asyncProperty(anySearch, async (q) => {
      const { sql, values, indexed } = jobCondition({ q }, { now: NOW })
      const { rows } = await database.owner.query(`SELECT j.id FROM jobs j WHERE j.organization_id = $1 AND (${sql})`, [OURS, ...values]) as { rows: { id: string }[] }
      const expected = jobs.filter(job => fits(job, parseJobSearch(q).terms, NOW)).map(job => job.id)
      expect(rows.map(row => row.id).sort(), `${q}\n${sql}\n${JSON.stringify(values)}`).toEqual(expected.sort())
      if (expected.length > 0 && expected.length < jobs.length) found.some++
      expect(sql.startsWith(indexed) || indexed === 'true').toBe(true)
    }), { numRuns: 600 })
    // A test in which nothing or everything is found would show little.
    expect(found.some).toBeGreaterThan(200)
  })

  it('never breaks PostgreSQL, whatever is written', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.tuple(pick('payload.a:', 'error:', 'tag."', 'runs:>', 'created:<', 'age:>', ''), fc.string({ unit: 'grapheme', maxLength: 30 })).map(parts => parts.join(''))), async (q) => {
      if (parseJobSearch(q).problems.length > 0) {
        expect(() => jobCondition({ q })).toThrow(/^q, character \d+: /)
        return
      }
      const { sql, values } = jobCondition({ q })
      await database.owner.query(`SELECT count(*) FROM jobs j WHERE j.organization_id = $1 AND (${sql})`, [OURS, ...values])
    }), { numRuns: 500 })
  })
})
