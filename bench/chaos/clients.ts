/** Clients that make jobs of every kind without a pause, as good clients do: what was not acknowledged is asked for again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { chanceOf, type Chance } from './chance.ts'
import { CANCELLED, chooseKind, KINDS, ORDERED, SINGLE_KINDS } from './kinds.ts'
import { newLedger, type Asked, type Ledger } from './ledger.ts'
import { operate } from './operator.ts'
import { makeJob, makeJobs, type Target } from './requests.ts'

const SINGLE_CLIENTS = 12
const BULK_CLIENTS = 2
const BULK_ROWS = [50, 400] as const
const ORDERED_CLIENTS = 4
const KEYS_PER_CLIENT = 5
const PAUSE_AFTER_FAILURE_MS = 50
/** Parts of the whole load. Ordered jobs wait for each other, so that few of them are many. */
const PARTS = { single: 0.4, bulk: 0.54, ordered: 0.06 } as const

export interface Crowd {
  ledger: Ledger
  /** Ends all clients after the request under way. */
  stop(): Promise<void>
}
interface Client extends Target { chance: Chance, name: string, pace(jobs: number): Promise<void>, state: { stopping: boolean } }

/** Starts clients that offer `rate` jobs a second together, and an operator who cancels and pauses. */
export function startClients({ url, rate, seed }: { url: string, rate: number, seed: number }): Crowd {
  const ledger = newLedger()
  const state = { stopping: false }
  const toCancel: string[] = []
  const paces = { single: paceOf(rate * PARTS.single, state), bulk: paceOf(rate * PARTS.bulk, state), ordered: paceOf(rate * PARTS.ordered, state) }
  const clientOf = (name: keyof typeof PARTS, n: number): Client =>
    ({ url, ledger, state, pace: paces[name], name: `${name}-${n}`, chance: chanceOf(seed * 1000 + name.length * 100 + n) })
  const many = (count: number, start: (n: number) => Promise<void>) => Array.from({ length: count }, (_, n) => start(n))
  const running = [
    ...many(SINGLE_CLIENTS, n => makeSingles(clientOf('single', n), toCancel)),
    ...many(BULK_CLIENTS, n => makeBulk(clientOf('bulk', n))),
    ...many(ORDERED_CLIENTS, n => makeOrdered(clientOf('ordered', n))),
    operate({ url, ledger, state, chance: chanceOf(seed) }, toCancel),
  ]
  return {
    ledger,
    async stop() {
      state.stopping = true
      await Promise.all(running)
    },
  }
}

/** A shared allowance of jobs per second, without credit for the time nobody asked. */
function paceOf(rate: number, state: { stopping: boolean }): (jobs: number) => Promise<void> {
  let free = 0
  return async (jobs) => {
    const mine = Math.max(free, performance.now())
    free = mine + jobs / rate * 1000
    for (let left; !state.stopping && (left = mine - performance.now()) > 0;) await sleep(Math.min(200, left))
  }
}

/** Tries until it is acknowledged; gives up when the clients are to stop. */
async function insist({ state }: Client, attempt: () => Promise<boolean>): Promise<void> {
  while (!(await attempt()) && !state.stopping) await sleep(PAUSE_AFTER_FAILURE_MS)
}

/** Every second job has a key, and every tenth of those is asked for twice at the same time. */
async function makeSingles(client: Client, toCancel: string[]): Promise<void> {
  const { chance, ledger, name, state } = client
  for (let n = 0; !state.stopping; n++) {
    await client.pace(1)
    const kind = chooseKind(chance, SINGLE_KINDS)
    const key = n % 2 === 0 || kind === CANCELLED ? `${name}-${n}` : undefined
    const asked: Asked = { kind, body: { ...kind.make(chance), ...(key && { idempotency_key: key }) } }
    const times = n % 20 === 0 ? 2 : 1
    await Promise.all(Array.from({ length: times }, () => insist(client, () => makeJob(client, asked))))
    const id = key && ledger.keys.get(key)
    if (kind === CANCELLED && id) toCancel.push(id)
  }
}

async function makeBulk(client: Client): Promise<void> {
  const { chance, name, state } = client
  for (let n = 0; !state.stopping; n++) {
    const keyed = n % 2 === 0
    const rows = Array.from({ length: chance.whole(...BULK_ROWS) }, (_, index): Asked => {
      const kind = chooseKind(chance, KINDS)
      return { kind, body: { ...kind.make(chance), ...(keyed && { idempotency_key: `${name}-${n}-${index}` }) } }
    })
    await client.pace(rows.length)
    await insist(client, () => makeJobs(client, rows))
  }
}

/** Numbers the jobs of each key, and asks for the next only when the one before is acknowledged; every third time five at once. */
async function makeOrdered(client: Client): Promise<void> {
  const { chance, name, state } = client
  const numbers = new Map<string, number>()
  for (let n = 0; !state.stopping; n++) {
    const orderingKey = `${name}-key-${n % KEYS_PER_CLIENT}`
    const next = (): Asked => {
      const number = (numbers.get(orderingKey) ?? 0) + 1
      numbers.set(orderingKey, number)
      return { kind: ORDERED, orderingKey, n: number, body: { ...ORDERED.make(chance), ordering_key: orderingKey, idempotency_key: `${orderingKey}-${number}` } }
    }
    const rows = n % 3 === 0 ? [next(), next(), next(), next(), next()] : [next()]
    await client.pace(rows.length)
    await insist(client, () => rows.length > 1 ? makeJobs(client, rows) : makeJob(client, rows[0]!))
  }
}
