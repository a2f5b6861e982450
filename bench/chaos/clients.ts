import { setTimeout as sleep } from 'node:timers/promises'

/** What the clients were promised. */
export interface Promises {
  /** Ids of jobs that were acknowledged. */
  ids: Set<string>
  /** Idempotency key to the id it was acknowledged with. */
  keys: Map<string, string>
  /** Keys that were acknowledged with two different ids. */
  conflicts: string[]
  /** Requests that got no answer or one of 5xx; a client does what a good client does and tries again. */
  failures: number
  /** Answers that are wrong whatever was killed (4xx). */
  refused: string[]
}

const ANSWER_WITHIN_MS = 15_000
const PAUSE_AFTER_FAILURE_MS = 50
/** Most jobs take no time; one in ten of those with a key takes long enough to be caught running. */
const lengthOf = (n: number): number => n % 10 === 0 ? 20_000 : 50

/**
 * Starts `count` clients that make jobs without a pause: every second one with an idempotency key, repeating the same
 * request until it is acknowledged. `stop` ends them after the request under way.
 */
export function startClients({ url, count }: { url: string, count: number }): { promises: Promises, stop(): Promise<void> } {
  const promises: Promises = { ids: new Set(), keys: new Map(), conflicts: [], failures: 0, refused: [] }
  const state = { stopping: false }
  const clients = Array.from({ length: count }, (_, n) => runClient({ url, promises, state, name: n % 2 === 0 ? `client-${n}` : undefined }))
  return {
    promises,
    async stop() {
      state.stopping = true
      await Promise.all(clients)
    },
  }
}

interface Client { url: string, promises: Promises, state: { stopping: boolean }, name?: string }

async function runClient({ url, promises, state, name }: Client): Promise<void> {
  for (let n = 0; !state.stopping; n++) {
    const key = name && `${name}-${n}`
    for (let acknowledged = false; !acknowledged && !state.stopping;) {
      acknowledged = await makeJob({ url, promises, key, length: key ? lengthOf(n) : 50 })
      if (!acknowledged) await sleep(PAUSE_AFTER_FAILURE_MS)
    }
  }
}

async function makeJob({ url, promises, key, length }: { url: string, promises: Promises, key?: string, length: number }): Promise<boolean> {
  try {
    const answer = await fetch(url + (key ? '/api/v1/jobs' : `/api/jobs/random-text?length=${length}`), {
      method: 'POST', signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(key && { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ job_type: 'random-text', payload: { length }, idempotency_key: key }) }),
    })
    const body = await answer.json() as { id: string }
    if (answer.ok) return note(promises, body.id, key)
    if (answer.status < 500) promises.refused.push(`${answer.status} ${JSON.stringify(body).slice(0, 200)}`)
  }
  catch { /* no answer: the server was killed, or is away */ }
  promises.failures++
  return false
}

function note(promises: Promises, id: string, key: string | undefined): true {
  promises.ids.add(id)
  if (key === undefined) return true
  const earlier = promises.keys.get(key)
  if (earlier !== undefined && earlier !== id) promises.conflicts.push(key)
  promises.keys.set(key, id)
  return true
}
