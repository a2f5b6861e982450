/**
 * One real job and one signed webhook against a running server, spoken to from outside as a client would.
 * `PORT=3002 node scripts/smoke.ts`, or `BASE_URL=https://host node scripts/smoke.ts`. Exit code 1 when anything fails.
 */
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

const env = process.env
const base = (env.BASE_URL ?? `http://127.0.0.1:${env.PORT ?? 3002}`).replace(/\/$/, '')
// Where open access is off, an API key in BESPIN_API_KEY speaks for the caller.
const credentials: Record<string, string> = env.BESPIN_API_KEY ? { authorization: `Bearer ${env.BESPIN_API_KEY}` } : {}
const LENGTH = 64
const JOB_DEADLINE_MS = 20_000

async function call(path: string, init: RequestInit = {}): Promise<{ status: number, body: unknown }> {
  const headers = { ...credentials, ...init.headers }
  const answer = await fetch(base + path, { ...init, headers, signal: AbortSignal.timeout(10_000) })
  const text = await answer.text()
  try {
    return { status: answer.status, body: JSON.parse(text) }
  }
  catch {
    throw new Error(`${path} answered ${answer.status} with something that is not JSON: ${text.slice(0, 200)}`)
  }
}

/** Takes one field out of an answer, or says what came instead. */
function field<T>(answer: { status: number, body: unknown }, name: string, type: z.ZodType<T>): T {
  const parsed = z.record(z.string(), z.unknown()).safeParse(answer.body)
  const value = type.safeParse(parsed.data?.[name])
  if (!value.success) throw new Error(`no usable "${name}" in the answer (${answer.status}): ${JSON.stringify(answer.body).slice(0, 300)}`)
  return value.data
}

function expectStatus(answer: { status: number, body: unknown }, ...wanted: number[]): void {
  if (!wanted.includes(answer.status)) throw new Error(`status ${answer.status} instead of ${wanted.join(' or ')}: ${JSON.stringify(answer.body).slice(0, 300)}`)
}

async function checkHealth(): Promise<string> {
  const health = await call('/api/health')
  expectStatus(health, 200)
  return field(health, 'status', z.string())
}

async function checkJob(): Promise<string> {
  const startedAt = performance.now()
  const created = await call(`/api/jobs/random-text?length=${LENGTH}`, { method: 'POST' })
  expectStatus(created, 202)
  const id = field(created, 'id', z.string())
  for (const until = Date.now() + JOB_DEADLINE_MS; Date.now() < until; await sleep(20)) {
    const job = await call(`/api/jobs/${id}`)
    expectStatus(job, 200)
    const status = field(job, 'status', z.string())
    if (status === 'failed') throw new Error(`job ${id} failed: ${JSON.stringify(job.body).slice(0, 300)}`)
    if (status !== 'completed') continue
    const result = field(job, 'result', z.string())
    if (result.length !== LENGTH) throw new Error(`job ${id} gave ${result.length} characters instead of ${LENGTH}`)
    return `${id} completed in ${Math.round(performance.now() - startedAt)} ms`
  }
  throw new Error(`job ${id} was accepted but not completed within ${JOB_DEADLINE_MS / 1000} s; does a worker run?`)
}

async function checkWebhook(): Promise<string> {
  const body = JSON.stringify({ event: 'smoke.test', at: new Date().toISOString() })
  const signature = createHmac('sha256', env.WEBHOOK_SECRET ?? 'test-secret').update(body).digest('hex')
  const received = await call('/api/webhooks/test', { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-webhook-signature': signature } })
  expectStatus(received, 202)
  const id = field(received, 'id', z.string())
  const receipt = await call(`/api/webhooks/${id}`)
  expectStatus(receipt, 200)
  if (!field(receipt, 'verified', z.boolean())) throw new Error(`receipt ${id} is not verified`)
  return `receipt ${id}, verified`
}

for (const [name, check] of Object.entries({ health: checkHealth, job: checkJob, webhook: checkWebhook })) {
  try {
    console.log(`ok      ${name.padEnd(8)} ${await check()}`)
  }
  catch (error) {
    const reason = error instanceof Error ? (error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message) : String(error)
    console.log(`FAILED  ${name.padEnd(8)} ${base}: ${reason}`)
    process.exitCode = 1
  }
}
