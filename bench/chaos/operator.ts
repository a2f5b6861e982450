/** An operator: cancels jobs that wait or run, and pauses and resumes a queue. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './chance.ts'
import { LIMITED_QUEUE, LIMITED_TO, PAUSED_QUEUE } from './kinds.ts'
import { ask, type Target } from './requests.ts'

const LOOK_MS = 300
/** One look in so many pauses the queue, and one resumes it. */
const PAUSE_EVERY = 20

interface Operator extends Target { chance: Chance, state: { stopping: boolean } }

/** `toCancel`: ids to cancel, each a while after it came. */
export async function operate(operator: Operator, toCancel: string[]): Promise<void> {
  for (let n = 0; !operator.state.stopping; n++) {
    await sleep(LOOK_MS)
    if (n % PAUSE_EVERY === 5) await post(operator, `/api/v1/queues/${PAUSED_QUEUE}/pause`, { reason: 'chaos' })
    if (n % PAUSE_EVERY === 15) await post(operator, `/api/v1/queues/${PAUSED_QUEUE}/resume`)
    const cancels = toCancel.splice(0, operator.chance.whole(0, 3))
    await Promise.all(cancels.map(id => cancel(operator, id)))
  }
  for (const id of toCancel.splice(0)) await cancel(operator, id)
  await insist(async () => await post(operator, `/api/v1/queues/${PAUSED_QUEUE}/resume`) !== undefined)
}

/** Limits one queue and makes the other known before any job of them is made. */
export async function declareQueues(target: Target): Promise<void> {
  for (const [queue, body] of [[LIMITED_QUEUE, { concurrency: LIMITED_TO }], [PAUSED_QUEUE, { enabled: true }]] as const) {
    await insist(async () => await ask(target, { method: 'PUT', path: `/api/v1/queues/${queue}/config`, body }) !== undefined)
  }
}

const post = (operator: Operator, path: string, body: unknown = {}) => ask<{ state?: string }>(operator, { method: 'POST', path, body })

/** One try: a cancel that got no answer may have been done, and its job may end either way. A job that has ended answers 409. */
async function cancel({ url, ledger }: Operator, id: string): Promise<void> {
  try {
    const answer = await fetch(`${url}/api/v1/jobs/${id}/cancel`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ reason: 'chaos' }), signal: AbortSignal.timeout(15_000),
    })
    const body = await answer.json() as { state?: string }
    if (answer.ok && body.state === 'cancelled') ledger.cancelled.add(id)
    else if (!answer.ok && answer.status < 500 && answer.status !== 409) ledger.refused.push(`cancel: ${answer.status} ${JSON.stringify(body).slice(0, 200)}`)
  }
  catch { ledger.failures++ }
}

const PATIENCE = 300
async function insist(attempt: () => Promise<boolean>): Promise<void> {
  for (let left = PATIENCE; left > 0 && !(await attempt()); left--) await sleep(100)
}
