/** One try of one request; whoever calls tries again. */
import { acknowledge, type Asked, type Ledger } from './ledger.ts'

const ANSWER_WITHIN_MS = 15_000
const REFUSALS_KEPT = 20
export interface Target { url: string, ledger: Ledger }

/** The body of a good answer; undefined when there was none (counted), or a refusal (written down). */
export async function ask<T>({ url, ledger }: Target, request: { method: string, path: string, body?: unknown }): Promise<T | undefined> {
  const { method, path, body } = request
  try {
    const answer = await fetch(url + path, {
      method, signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (answer.ok) return (text === '' ? {} : JSON.parse(text)) as T
    if (answer.status < 500) refuse(ledger, `${method} ${path}: ${answer.status} ${text.slice(0, 200)}`)
  }
  catch { /* no answer, or half of one: the server was killed, or is away */ }
  ledger.failures++
  return undefined
}

function refuse(ledger: Ledger, what: string): void {
  if (ledger.refused.length < REFUSALS_KEPT) ledger.refused.push(what)
}

/** What is asked for again long after may have expired meanwhile: it gets a new time. */
function freshen({ body }: Asked): void {
  if (typeof body.expires_at === 'string' && Date.parse(body.expires_at) < Date.now() + 5000) body.expires_at = new Date(Date.now() + 10_000).toISOString()
}

/** True when the job was acknowledged. */
export async function makeJob(target: Target, asked: Asked): Promise<boolean> {
  freshen(asked)
  const answer = await ask<{ id: string }>(target, { method: 'POST', path: '/api/v1/jobs', body: asked.body })
  if (!answer) return false
  acknowledge(target.ledger, answer.id, asked)
  target.ledger.singles++
  return true
}

interface BulkAnswer { succeeded: { index: number, job_id: string }[], failed: { index: number, error: string }[] }

/** The same for many in one call; the call is answered as a whole. */
export async function makeJobs(target: Target, asked: Asked[]): Promise<boolean> {
  for (const each of asked) freshen(each)
  const answer = await ask<BulkAnswer>(target, { method: 'POST', path: '/api/v1/jobs/bulk', body: { jobs: asked.map(each => each.body) } })
  if (!answer) return false
  for (const { index, job_id } of answer.succeeded) acknowledge(target.ledger, job_id, asked[index]!)
  for (const { error } of answer.failed) refuse(target.ledger, `a row of the bulk call: ${error}`)
  target.ledger.bulk += answer.succeeded.length
  return true
}
