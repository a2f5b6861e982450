import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { v7 as uuidv7 } from 'uuid'
import type * as Court from '#server/domain/code/read-court.ts'
import type * as Executions from '#server/domain/code/read-executions.ts'
import { Execution, ExecutionList } from '#shared/schemas/execution.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { codeResult, codeStage, runnerDocument } from '../../../factories/living-runner.ts'

const OURS = '00000000-0000-7000-8000-000000000001'
const THEIRS = randomUUID()
let database: TestDatabase
let executions: typeof Executions
let court: typeof Court
let close: () => Promise<void>

beforeAll(async () => {
  database = await createTestDatabase()
  Object.assign(process.env, { DATABASE_APP_URL: database.appUrl, DATABASE_ENGINE_URL: database.engineUrl, REDIS_URL: '', BESPIN_BELT: 'postgres', LOG_LEVEL: 'error' })
  executions = await import('#server/domain/code/read-executions.ts')
  court = await import('#server/domain/code/read-court.ts')
  close = (await import('#server/infra/database.ts')).closeDatabase
  await database.owner.query(`INSERT INTO organizations (id, name, slug) VALUES ($1, 'Theirs', 'theirs')`, [THEIRS])
})
afterAll(async () => {
  await close?.()
  await database?.drop()
})

interface Given { organization?: string, type?: string, state?: string, result?: unknown, error?: string, payload?: object, run?: number }
async function put({ organization = OURS, type = 'code-execution', state = 'completed', result, error, payload = { language: 'python', code: 'x' }, run = 1 }: Given = {}): Promise<string> {
  const id = uuidv7()
  await database.owner.query(`INSERT INTO jobs (id, organization_id, queue_name, job_type, state, run, payload, result, last_error, max_retries, timeout_seconds, created_at, updated_at)
    VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, 3, 300, now(), now())`, [id, organization, type, state, run, JSON.stringify(payload), result === undefined ? null : JSON.stringify(result), error ?? null])
  return id
}
const read = async (given: Given) => Execution.parse(await executions.getExecution(OURS, await put(given)))

describe('an execution', () => {
  it('is received and queued while it waits, then running', async () => {
    expect(await read({ state: 'pending', run: 0 })).toMatchObject({ status: 'received', outcome: 'queued', language: 'python', message: 'Code submitted for execution', error: '', stdout: '', exec_duration: 0 })
    expect(await read({ state: 'running' })).toMatchObject({ status: 'running', outcome: 'running', error: '' })
    expect(await read({ state: 'retrying', error: 'bwrap could not start' })).toMatchObject({ status: 'received', outcome: 'queued', message: expect.stringContaining('bwrap could not start') as string, error: '' })
  })

  it('that ended well is completed, with Ignis\' figures in milliseconds and KiB and ours beside them', async () => {
    expect(await read({ result: codeResult() })).toMatchObject({
      status: 'completed', outcome: 'ok', state: 'completed', error: '', stdout: 'hello\n', exec_duration: 12, mem_usage: 8192, exit_code: 0, signal: null,
      version: '3.11.2', run: { wall_ms: 12 }, limits: { wall_ms: { value: 10_000 } }, isolation: { driver: 'bwrap' },
    })
  })

  it('whose program did not end well is Ignis\' failed and our completed, with the sentence as its error', async () => {
    const run = codeStage({ status: 'nonzero_exit', exit_code: 3, message: 'Exited with code 3.', stderr: 'oh\n' })
    expect(await read({ result: codeResult({ status: 'nonzero_exit', message: 'Exited with code 3.', run }) })).toMatchObject({
      status: 'failed', state: 'completed', outcome: 'nonzero_exit', message: 'Exited with code 3.', error: 'Exited with code 3.', stderr: 'oh\n', exit_code: 3,
    })
  })

  it('that did not compile is told by its compiler', async () => {
    const compile = codeStage({ status: 'nonzero_exit', exit_code: 1, stdout: '', stderr: 'main.go:1: syntax error' })
    expect(await read({ result: codeResult({ status: 'compile_error', message: 'It does not compile.', compile, run: undefined }) })).toMatchObject({ status: 'failed', outcome: 'compile_error', stderr: 'main.go:1: syntax error', exit_code: 1 })
  })

  it('of several inputs is told by the first that did not end ok', async () => {
    const runs = [codeStage({ stdout: 'one' }), codeStage({ status: 'time_limit', stdout: 'two' }), codeStage({ status: 'nonzero_exit', stdout: 'three' })].map((stage, index) => ({ ...stage, index, name: null }))
    const answer = await read({ payload: { language: 'python', code: 'x', runs: [{}, {}, {}] }, result: codeResult({ status: 'time_limit', run: undefined, runs }) })
    expect(answer).toMatchObject({ stdout: 'two', outcome: 'time_limit', runs_total: 3 })
    expect(answer.runs).toHaveLength(3)
  })

  it('that never ended says why', async () => {
    expect(await read({ state: 'cancelled' })).toMatchObject({ status: 'failed', outcome: 'canceled', error: 'The job was cancelled.' })
    expect(await read({ state: 'expired' })).toMatchObject({ status: 'failed', outcome: 'canceled', error: 'The job expired before it could run.' })
    expect(await read({ state: 'failed', error: 'The sandbox could not be made.' })).toMatchObject({ status: 'failed', outcome: 'internal_error', error: 'The sandbox could not be made.' })
  })

  it('whose result cannot be read is a failure of ours, not an error of the request', async () => {
    expect(await read({ result: { status: 'ok', stdout: 5 } })).toMatchObject({ status: 'failed', outcome: 'internal_error', error: expect.stringContaining('cannot be read') as string })
  })

  it.each([['another organization\'s', { organization: THEIRS }], ['another type\'s', { type: 'random-text' }]])('of %s job is not found', async (_, given) => {
    await expect(executions.getExecution(OURS, await put(given))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it.each(['01HN1234567890ABCDEF', '', '\'; drop table jobs', randomUUID()])('with the id %j is not found', async (id) => {
    await expect(executions.getExecution(OURS, id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('the list of executions', () => {
  const list = async (query: { limit: number, offset?: number, cursor?: string }) => ExecutionList.parse(await executions.listExecutions(OURS, query))

  it('says of each the same as its own page, newest first, and of nobody else\'s', async () => {
    await put({ organization: THEIRS, result: codeResult() })
    await put({ type: 'random-text' })
    const { data } = await list({ limit: 100 })
    expect(data.length).toBeGreaterThan(8)
    expect(data.map(each => each.job_id)).toEqual(data.map(each => each.job_id).toSorted().toReversed())
    for (const each of data) expect(await executions.getExecution(OURS, each.job_id)).toMatchObject(each)
  })

  it('shows the first four thousand characters of long output and says so', async () => {
    const id = await put({ result: codeResult({ run: codeStage({ stdout: 'x'.repeat(5000) }) }) })
    const [newest] = (await list({ limit: 1 })).data
    expect(newest).toMatchObject({ job_id: id, output_cut: true, stdout: 'x'.repeat(4096) })
    expect(await executions.getExecution(OURS, id)).toMatchObject({ stdout: 'x'.repeat(5000) })
  })

  it('goes on by cursor and by offset alike', async () => {
    const whole = (await list({ limit: 6 })).data.map(each => each.job_id)
    const first = await list({ limit: 3 })
    expect(first.pagination).toMatchObject({ limit: 3, offset: 0, count: 3, next_cursor: whole[2] })
    expect((await list({ limit: 3, cursor: first.pagination.next_cursor! })).data.map(each => each.job_id)).toEqual(whole.slice(3))
    expect((await list({ limit: 3, offset: 3 })).data.map(each => each.job_id)).toEqual(whole.slice(3))
    await expect(list({ limit: 3, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
  })
})

describe('what submissions are judged by', () => {
  it('is what living code workers published and the organization\'s caps, leaving out what is no cap', async () => {
    await database.owner.query(`UPDATE organizations SET code_caps = '{"wall_ms": 4000, "memory_bytes": "much", "hats": 3, "processes": -1}' WHERE id = $1`, [OURS])
    const publish = (alive: boolean, runner: unknown) => database.owner.query(`INSERT INTO workers (id, hostname, pid, version, queues, slots, name, status, runner, heartbeat_at)
      VALUES (gen_random_uuid(), 'host', 1, '1', '{code-execution}', 1, 'code', 'running', $2, now() - $1 * interval '1 hour')`, [alive ? 0 : 1, JSON.stringify(runner)])
    await publish(false, runnerDocument({ runtimes: [] }))
    await publish(true, { ...runnerDocument(), caps: { ...runnerDocument().caps, cpu_ms: 9000 } })
    await publish(true, { hello: 'I am a runner, trust me' })
    const { runners, caps } = await court.readCourt(OURS)
    expect(runners.proven).toHaveLength(1)
    expect(runners.byName.get('python3')).toMatchObject({ language: 'python' })
    expect(caps).toMatchObject({ wall_ms: { value: 4000, of: 'organization' }, cpu_ms: { value: 9000, of: 'server' }, processes: { value: 512, of: 'server' }, memory_bytes: { of: 'server' } })
    expect((await court.readCourt(THEIRS)).caps).toMatchObject({ wall_ms: { value: 300_000, of: 'server' } })
  })
})
