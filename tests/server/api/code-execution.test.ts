import { describe, expect, it } from 'vitest'
import type { Execution, ExecutionList, Runtimes } from '#shared/schemas/execution.ts'
import { call, finished, ownerPool, send } from '../../support/shared-product.ts'
import { run, submit, useCodeWorker } from '../../support/code.ts'

useCodeWorker()
const owner = ownerPool()

describe('POST /api/v1/public/execute', () => {
  it('answers in Ignis\' envelope before the code has run', async () => {
    const { status, body } = await call('POST /api/v1/public/execute', { body: { language: 'bash', code: 'echo hello' } })
    expect(status).toBe(201)
    expect(body).toEqual({ data: { job_id: expect.any(String) as string, language: 'bash', status: 'received', message: 'Code submitted for execution' } })
  })

  it('answers the result when asked to wait for it', async () => {
    const done = await run({ code: 'read -r name; echo "hello $name $1"; echo careful >&2', stdin: 'world\n', args: ['again'] })
    expect(done).toMatchObject({ status: 'completed', outcome: 'ok', stdout: 'hello world again\n', stderr: 'careful\n', exit_code: 0, error: '', attempts: 1 })
    expect(done.limits!.wall_ms).toMatchObject({ value: 10_000, requested: false })
  })

  it('answers what is known when the wait is over first, and the job is told later', async () => {
    const begun = performance.now()
    const { body } = await call('POST /api/v1/public/execute', { query: { wait: 0.3 }, body: { language: 'bash', code: 'sleep 1.5; echo late' } })
    expect(performance.now() - begun).toBeLessThan(1400)
    const { job_id: id, status } = body.data as Execution
    expect(['received', 'running']).toContain(status)
    const { body: later } = await call('GET /api/v1/public/jobs/:job_id', { params: { job_id: id }, query: { wait: 20 } })
    expect(later.data).toMatchObject({ status: 'completed', stdout: 'late\n' })
  })

  it.each(['-1', '61', 'soon', 'NaN'])('refuses to wait for %s seconds', async (wait) => {
    expect(await send(`/api/v1/public/jobs/x?wait=${wait}`)).toMatchObject({ status: 400, body: { details: [{ field: 'wait' }] } })
  })

  it('is a completed job of ours and a failed one of Ignis\' when the program does not end well', async () => {
    const done = await run({ code: 'exit 3' })
    expect(done).toMatchObject({ status: 'failed', state: 'completed', outcome: 'nonzero_exit', exit_code: 3, signal: null })
    expect(done.error).toContain('3')
    expect((await call('GET /api/v1/jobs/:id', { params: { id: done.job_id } })).body).toMatchObject({ status: 'completed', retry_count: 0, result: { status: 'nonzero_exit' } })
  })

  it('runs many inputs of one source, each with a result of its own', async () => {
    const done = await run({ code: 'read -r line; echo "<$line>"; [ "$line" != bad ]', runs: [{ stdin: 'one\n' }, { stdin: 'bad\n', name: 'the bad one' }, { stdin: 'two\n' }] })
    expect(done.runs!.map(each => [each.stdout, each.status])).toEqual([['<one>\n', 'ok'], ['<bad>\n', 'nonzero_exit'], ['<two>\n', 'ok']])
    expect(done).toMatchObject({ status: 'failed', stdout: '<bad>\n', runs_total: 3 })
  })
})

describe('the other ways in', () => {
  it('POST /api/jobs/code-execution answers 202 and the id under its three names', async () => {
    const { status, body } = await call('POST /api/jobs/code-execution', { body: { language: 'bash', code: 'echo three' } })
    expect(status).toBe(202)
    expect(body).toEqual({ id: body.id, job_id: body.id, jobId: body.id, status: 'pending' })
    expect(await finished(body.id as string)).toMatchObject({ status: 'completed', type: 'code-execution', result: { run: { stdout: 'three\n' } } })
  })

  it('POST /api/v1/jobs takes it as any other type, language by its own name', async () => {
    const { status, body } = await call('POST /api/v1/jobs', { body: { job_type: 'code-execution', payload: { language: 'BASH', code: 'echo four' } } })
    expect(status).toBe(201)
    await finished(body.id as string)
    expect((await call('GET /api/v1/jobs/:id', { params: { id: body.id as string } })).body).toMatchObject({ payload: { language: 'bash' }, result: { run: { stdout: 'four\n' } } })
  })

  it('POST /api/v1/jobs/bulk judges each row: a bad one fails alone', async () => {
    const rows = [{ payload: { language: 'bash', code: 'echo 1' } }, { payload: { language: '__proto__', code: 'x' } }, { job_type: 'random-text' as const, payload: { length: 3 } }]
    const { body } = await call('POST /api/v1/jobs/bulk', { body: { job_type: 'code-execution', jobs: rows } })
    expect(body).toMatchObject({ success_count: 2, failure_count: 1, failed: [{ index: 1, error: expect.stringContaining('"__proto__" is not a language here') as string }] })
  })
})

describe('GET /api/v1/public/jobs', () => {
  it('answers a job of another organization, of another type or with an id that is none with 404', async () => {
    const theirs = crypto.randomUUID()
    await owner.query(`INSERT INTO jobs (id, organization_id, queue_name, job_type, state, payload, max_retries, timeout_seconds, created_at, updated_at)
      VALUES ($1, gen_random_uuid(), 'code-execution', 'code-execution', 'completed', '{"language":"bash","code":"x"}', 0, 60, now(), now())`, [theirs])
    const { body } = await call('POST /api/jobs/random-text')
    for (const job_id of [theirs, body.id as string, '01HN1234567890ABCDEF', '%00', '..']) {
      expect(await call('GET /api/v1/public/jobs/:job_id', { params: { job_id } }), job_id).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
      expect(await call('GET /api/v1/public/jobs/:job_id/stream', { params: { job_id } }), job_id).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
    }
  })

  it('lists executions, newest first, by offset and by cursor', async () => {
    for (let n = 0; n < 3; n++) await run({ code: `echo ${n}` })
    const page = async (query: Record<string, number | string>) => (await call('GET /api/v1/public/jobs', { query })).body as ExecutionList
    const whole = (await page({ limit: 4 })).data.map(each => each.job_id)
    const first = await page({ limit: 2 })
    expect(first.pagination).toMatchObject({ limit: 2, offset: 0, count: 2 })
    expect(first.pagination.total).toBeGreaterThanOrEqual(3)
    expect((await page({ limit: 2, offset: 2 })).data.map(each => each.job_id)).toEqual(whole.slice(2))
    expect((await page({ limit: 2, cursor: first.pagination.next_cursor! })).data.map(each => each.job_id)).toEqual(whole.slice(2))
    for (const query of ['limit=0', 'limit=101', 'offset=-1', 'cursor=x']) expect((await send(`/api/v1/public/jobs?${query}`)).status, query).toBe(400)
  })
})

describe('what can be run', () => {
  it('is told by /runtimes with versions, limits and what enforces them', async () => {
    const { available, runtimes, limits, isolation, workers } = (await call('GET /api/v1/public/runtimes')).body.data as Runtimes
    expect({ available, workers: workers > 0 }).toEqual({ available: true, workers: true })
    expect(runtimes.find(each => each.language === 'bash')).toMatchObject({ title: 'Bash', version: expect.stringMatching(/\d/) as string })
    expect(limits.memory_bytes).toMatchObject({ default: 256 * 1024 * 1024, unit: 'bytes', enforced_by: expect.any(String) as string })
    expect(isolation).toMatchObject({ driver: expect.any(String) as string })
  })

  it('is told by /status in Ignis\' fields', async () => {
    const { body } = await call('GET /api/v1/public/status')
    expect(body).toMatchObject({ status: 'operational', service: 'bespin', version: expect.any(String) as string, description: expect.any(String) as string })
    expect(body.supported_languages).toContain('bash')
  })

  it('does not keep /health from answering anybody, with texts', async () => {
    const { status, body } = await call('GET /api/v1/public/health', { headers: { 'x-forwarded-for': '203.0.113.9' } })
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'up', open_connections: expect.stringMatching(/^[1-9]\d*$/) as string, wait_duration: expect.stringMatching(/^\d+ms$/) as string })
    expect((await send('/api/v1/public/status', { headers: { 'x-api-key': 'nobody' } })).status).toBe(401)
  })
})

describe('a job with the id of an execution', () => {
  it('is cancelled while it runs, and then told as canceled', async () => {
    const id = await submit({ code: 'sleep 20' })
    await call('POST /api/v1/jobs/:id/cancel', { params: { id } })
    const { body } = await call('GET /api/v1/public/jobs/:job_id', { params: { job_id: id }, query: { wait: 20 } })
    expect(body.data).toMatchObject({ status: 'failed', outcome: 'canceled' })
  })
})
