import type pg from 'pg'
import { pool } from '#server/infra/database.ts'
import { chooseGated, type Choice, type GatedRow, type Held, type SlotKind } from '#server/domain/engine/choose-gated.ts'
import { lookAtLanes, type LaneFacts } from '#server/domain/engine/look-at-lanes.ts'
import { bounds } from '#server/domain/engine/store.ts'
import { pickReady } from '#server/domain/engine/waiting-room.ts'
import { BLOCKERS, GATED_LINES, HEADS_OF_KEYS, HOLDERS, OPEN_LINES, PARKED_LINES, QUEUE_FACTS, WAITING_JOBS } from '#server/domain/engine/sql/waiting-facts.ts'
import type { JobState } from '#shared/job-states.ts'

/** A job that waits, with its row of the waiting room where it has one. */
export interface WaitingJob {
  id: string, queue_name: string, job_type: string | null, state: 'scheduled' | 'blocked' | 'pending' | 'retrying'
  run: number, failures: number, max_retries: number, suspect: boolean, last_error: string | null
  due_at: Date | null, dispatched_at: Date | null, updated_at: Date, expires_at: Date | null, ordering_key: string | null, concurrency_key: string | null
  /** Its time to begin is over. */
  is_over: boolean
  /** The claim refuses it for its queue's sake. */
  held_back: boolean
  ready: boolean, gated: boolean, waits_for: string | null, is_due: boolean | null
  /** The database's clock. */
  at: Date
}
export interface QueueFacts {
  name: string, paused: boolean, paused_at: Date | null, paused_by: string | null, pause_reason: string | null
  limited: boolean, concurrency: number | null, concurrency_per_key: number, rate_limit: number | null, rate_period_seconds: number
  rate_left: number | null, rate_opens_at: Date | null
}
/** What the next round of the dispatcher would do with a queue's line. */
export interface Preview { choice: Choice, order: string[] }
/** Everything the explanation of some jobs of one organization rests on, as of one moment. */
export interface WaitingFacts {
  jobs: WaitingJob[]
  queues: Map<string, QueueFacts>
  lanes: Map<string, LaneFacts>
  /** Of queues with a gate, by `lane queue`. */
  previews: Map<string, Preview>
  /** Of the others, likewise: the ids in line. */
  lines: Map<string, string[]>
  /** Whose turn it is on lanes without a gate. */
  picked: Set<string>
  /** Who holds a key or a place, by `queue kind:key`. */
  holders: Map<string, string[]>
  /** The first in line of an ordering key, by `queue key`. */
  heads: Map<string, string>
  /** Who waits for a key, by `queue kind:key`. */
  parked: Map<string, string[]>
  blockers: Map<string, { state: JobState, due_at: Date | null }>
}

/** Rows that are looked at in each line, and in all lines of one question. */
const LINE = 500
const ALL_LINES = 5000
/** What one round of the dispatcher takes of a lane without a gate. */
const ROUND = 1000
const BLOCKERS_READ = 1000
export const pairKey = (lane: string | null, queue: string): string => `${lane ?? ''} ${queue}`

/** Reads why jobs wait, in a fixed few queries and from one snapshot. Ids that do not wait are absent. `look`: how fresh the belt has to be. */
export async function readWaitingFacts(organizationId: string, asked: { id: string, jobType: string | null }[], look = lookAtLanes): Promise<WaitingFacts> {
  const lanes = await look([...new Set(asked.flatMap(job => job.jobType ?? []))])
  const ids = asked.map(job => job.id)
  return inSnapshot(async (client) => {
    const jobs = (await client.query<WaitingJob>({ name: 'why-jobs', text: WAITING_JOBS, values: [ids, ...bounds(ids), organizationId] })).rows
    const queues = new Map((await client.query<QueueFacts>({ name: 'why-queues', text: QUEUE_FACTS, values: [organizationId, unique(jobs.map(job => job.queue_name))] })).rows.map(row => [row.name, row]))
    const picked = new Set<string>()
    for (const lane of openLanes(jobs, queues)) {
      const room = Math.min(lanes.get(lane)?.room ?? 0, ROUND)
      if (room > 0) for (const id of await pickReady(client, lane, room)) picked.add(id)
    }
    const lines = await readLines(client, { organizationId, jobs, queues })
    return { jobs, queues, lanes, picked, ...lines }
  })
}

async function inSnapshot<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool('engine').connect()
  let broken: Error | undefined
  try {
    await client.query('begin isolation level repeatable read read only')
    return await work(client)
  }
  finally {
    await client.query('rollback').catch((lost: Error) => { broken = lost })
    client.release(broken)
  }
}

const unique = <T>(values: (T | null)[]): T[] => [...new Set(values.filter(value => value !== null))]
const isReady = (job: WaitingJob): boolean => job.state === 'pending' && job.ready && job.dispatched_at === null
const openLanes = (jobs: WaitingJob[], queues: Map<string, QueueFacts>): string[] =>
  unique(jobs.filter(job => isReady(job) && !job.gated && !queues.get(job.queue_name)?.limited).map(job => job.job_type))

interface Asked { organizationId: string, jobs: WaitingJob[], queues: Map<string, QueueFacts> }
type Lines = Pick<WaitingFacts, 'previews' | 'lines' | 'holders' | 'heads' | 'parked' | 'blockers'>

async function readLines(client: pg.PoolClient, { organizationId, jobs, queues }: Asked): Promise<Lines> {
  const pairs = [...new Map(jobs.filter(isReady).map(job => [pairKey(job.job_type, job.queue_name), { lane: job.job_type ?? '', queue: job.queue_name }])).values()]
  const values = [organizationId, pairs.map(pair => pair.lane), pairs.map(pair => pair.queue), pairs.map(pair => queues.get(pair.queue)?.limited ?? false),
    Math.min(LINE, Math.ceil(ALL_LINES / Math.max(1, pairs.length)))]
  // Under names, so that they are planned once and not for each day of history again and again.
  const read = async <T extends pg.QueryResultRow>(name: string, text: string, given: unknown[]): Promise<T[]> => (await client.query<T>({ name: `why-${name}`, text, values: given })).rows
  const gated = pairs.length > 0 ? await read<GatedRow & InLine>('gated', GATED_LINES, values) : []
  const open = pairs.length > 0 ? await read<InLine>('open', OPEN_LINES, values) : []
  const names = unique([...jobs.map(job => job.queue_name)])
  const ordering = unique([...jobs, ...gated].map(row => row.ordering_key))
  const concurrency = unique([...jobs, ...gated].map(row => row.concurrency_key))
  const heads = ordering.length > 0 ? await read<HeadRow>('heads', HEADS_OF_KEYS, [organizationId, names, ordering]) : []
  const isGated = ordering.length + concurrency.length > 0 || names.some(name => queues.get(name)?.limited)
  const held = !isGated ? [] : await read<Held & { queue_name: string }>('holders', HOLDERS, [organizationId, names, ordering, concurrency])
  const waits = [...new Map(jobs.filter(job => job.waits_for !== null).map(job => [`${job.queue_name} ${job.waits_for}`, job])).values()]
  const parked = waits.length > 0 ? await read<InLine & { waits_for: string }>('parked', PARKED_LINES, [organizationId, waits.map(job => job.queue_name), waits.map(job => job.waits_for), LINE]) : []
  const blockers = unique([...held.filter(slot => slot.kind !== 'queue'), ...heads].map(row => row.job_id)).slice(0, BLOCKERS_READ)
  const states = blockers.length > 0 ? await read<{ id: string, state: JobState, due_at: Date | null }>('blockers', BLOCKERS, [blockers, ...bounds(blockers), organizationId]) : []
  return {
    previews: preview({ gated, heads, held, queues }), lines: idsBy(open, row => pairKey(row.lane, row.queue_name)),
    holders: idsBy(held, row => `${row.queue_name} ${row.kind}:${row.key}`), heads: new Map(heads.map(row => [`${row.queue_name} ${row.ordering_key}`, row.job_id])),
    parked: idsBy(parked, row => `${row.queue_name} ${row.waits_for}`), blockers: new Map(states.map(row => [row.id, row])),
  }
}

interface InLine { lane: string, queue_name: string, job_id: string }
interface HeadRow { queue_name: string, ordering_key: string, seq: string, job_id: string }

/** What the dispatcher would choose now, by its own rule. */
function preview({ gated, heads, held, queues }: { gated: (GatedRow & InLine)[], heads: HeadRow[], held: (Held & { queue_name: string })[], queues: Map<string, QueueFacts> }): Map<string, Preview> {
  return new Map([...Map.groupBy(gated, row => pairKey(row.lane, row.queue_name))].map(([pair, rows]) => {
    const name = rows[0]!.queue_name
    const queue = queues.get(name)
    const choice = chooseGated({
      rows, held: held.filter(slot => slot.queue_name === name), heads: new Map(heads.filter(head => head.queue_name === name).map(head => [head.ordering_key, head.seq])),
      limits: { concurrency: queue?.concurrency ?? null, perKey: queue?.concurrency_per_key ?? 1, rateLeft: queue?.rate_left ?? null },
    })
    return [pair, { choice, order: rows.map(row => row.job_id) }]
  }))
}

const idsBy = <T extends { job_id: string }>(rows: T[], keyOf: (row: T) => string): Map<string, string[]> =>
  new Map([...Map.groupBy(rows, keyOf)].map(([key, same]) => [key, same.map(row => row.job_id)]))

/** Kind and key of what a parked job waits for. */
export const splitWait = (waitsFor: string): { kind: SlotKind, key: string } =>
  ({ kind: waitsFor.slice(0, waitsFor.indexOf(':')) as SlotKind, key: waitsFor.slice(waitsFor.indexOf(':') + 1) })
