import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startCalled } from '../called-process.ts'
import { wallClock } from '../clock.ts'
import type { LoadOrder, LoadResult } from '../load/load-process.ts'
import { childrenOf, readProcessTable } from '../process-table.ts'
import { startProductWorker, type Product, type ProductOptions, type ProductWorker } from '../product.ts'
import { BATCH, COMPLETE_WITHIN_MS, PAYLOAD, type Added, type Completed, type Contestant, type JobTimes, type Order } from './contestant.ts'

export const LOAD_PROCESS = join(import.meta.dirname, '../load/load-process.ts')
const JOB_TYPE = 'drill'
/** Of a paced load; one more than are ever busy at the rates in use. */
const PACED_CONNECTIONS = 64
const BULK_CONNECTIONS = 4
/** Everything that grows with jobs. */
const TABLES = ['jobs', 'job_attempts', 'job_logs', 'idempotency_keys', 'job_counter_deltas', 'job_counters', 'job_minutes',
  'error_deltas', 'error_groups', 'error_places', 'error_series']

export interface ProductContestant extends Contestant { database: pg.Pool, lastIds(): string[] }

/** The product over HTTP as a client uses it; `connections` and `queues` are for single calls. */
export function openProductContestant(product: Product, options: ProductOptions & { key: string, title: string, connections: number, queues?: string[] }): ProductContestant {
  const database = new pg.Pool({ connectionString: product.databaseUrl, max: 2 })
  // The server may go first when the benchmark is interrupted.
  database.on('error', () => undefined)
  const load = startCalled(LOAD_PROCESS)
  let worker: ProductWorker | undefined
  let last: LoadResult = { accepted: 0, failed: 0, from: 0, to: 0, answerMs: { p50: 0, p99: 0 }, ids: [], plannedAt: [], sentAt: [] }
  return {
    key: options.key, title: options.title, database, lastIds: () => last.ids,
    parts: () => ({ web: product.pidOf('web'), worker: worker && workerPid(worker), postgres: product.pidOf('postgres'), redis: product.pidOf('redis'), load: load.pid }),
    async startWorker() {
      worker ??= await startProductWorker({ ...options, dataDir: product.dataDir })
    },
    restWorker: async () => undefined,
    async stopWorker() {
      await worker?.stop()
      worker = undefined
    },
    async add(order): Promise<Added> {
      last = await load.call<LoadResult>('send', toLoad(order, { ...options, url: product.url }))
      const { accepted, failed, from, to, answerMs } = last
      return { accepted, failed, from, to, answerMs }
    },
    untilCompleted: () => untilCompleted(database, last),
    lost: async () => sayLost((await judgeIds(database, last.ids)).lost),
    jobTimes: since => jobTimes(database, last, since),
    clear: () => clear(database),
    async end() {
      await worker?.stop()
      await load.end()
      await database.end()
    },
  }
}

/** The worker is the launcher's only child; undefined where there is no /proc. */
const workerPid = ({ pid }: ProductWorker): number | undefined => childrenOf(readProcessTable(), pid)[0]

/** An order as HTTP. Single jobs go to `queues` in turn, if any are named; else each job type has its own queue. */
export function toLoad(order: Order, { url, connections, queues }: { url: string, connections: number, queues?: string[] }): LoadOrder {
  if (order.how === 'bulk') {
    const body = JSON.stringify({ job_type: JOB_TYPE, jobs: Array.from({ length: BATCH }, () => ({ payload: PAYLOAD })) })
    return { url, path: '/api/v1/jobs/bulk', status: 200, answers: 'bulk', bodies: [body], connections: BULK_CONNECTIONS, requests: Math.ceil(order.jobs / BATCH) }
  }
  const bodies = (queues ?? [undefined]).map(queue_name => JSON.stringify({ job_type: JOB_TYPE, payload: PAYLOAD, queue_name }))
  const single = { url, path: '/api/v1/jobs', status: 201, answers: 'job', bodies } as const
  return order.how === 'single'
    ? { ...single, connections, seconds: order.seconds }
    : { ...single, connections: PACED_CONNECTIONS, perSecond: order.perSecond, requests: order.jobs }
}

/** The lowest id of jobs made at a time or later: a UUIDv7 begins with its milliseconds. */
const firstIdAt = (ms: number): string => `${Math.floor(ms).toString(16).padStart(12, '0')}${'0'.repeat(20)}`

/** A cheap look at the newest rows, often; then one at all of this order, which decides. */
async function untilCompleted(database: pg.Pool, { ids, from }: LoadResult): Promise<Completed> {
  // A second of room, since ids are made with another process's clock.
  const first = firstIdAt(from - 1000)
  const isOpen = async (rows: string) =>
    (await database.query<{ open: boolean }>(`select exists (select from ${rows} where state not in ('completed', 'failed', 'cancelled')) as open`, [first])).rows[0]?.open
  const giveUpAt = Date.now() + COMPLETE_WITHIN_MS
  let at = wallClock()
  while (await isOpen('(select state from jobs where id >= $1 order by id desc limit 200) as newest') || await isOpen('(select state from jobs where id >= $1) as all_of_them')) {
    if (Date.now() > giveUpAt) throw new Error(`Bespin completed less than it accepted within ${COMPLETE_WITHIN_MS / 1000} s: ${JSON.stringify(await judgeIds(database, ids))}`)
    await sleep(10)
    at = wallClock()
  }
  const { rows } = await database.query<{ first: Date }>('select min(started_at) as first from jobs where id >= $1', [first])
  const { lost, open } = await judgeIds(database, ids)
  return { firstStartAt: rows[0]?.first?.getTime() ?? Number.NaN, at, broken: [...sayLost(lost), ...sayOpen(open)] }
}

/** What became of acknowledged jobs: those that are not in the database, and those there that did not complete. */
export async function judgeIds(database: pg.Pool, ids: string[]): Promise<{ lost: number, open: number }> {
  const { rows } = await database.query<{ lost: number, open: number }>(`
    select count(*) filter (where j.id is null)::int as lost, count(*) filter (where j.state <> 'completed')::int as open
    from unnest($1::uuid[]) as asked(id) left join jobs j using (id)`, [ids])
  return rows[0]!
}

const sayLost = (lost: number): string[] => lost > 0 ? [`${lost} acknowledged jobs are not in the database`] : []
const sayOpen = (open: number): string[] => open > 0 ? [`${open} acknowledged jobs were not completed`] : []

/** A row's last change is its end: the time of that commit is when the result was durable. */
async function jobTimes(database: pg.Pool, { ids, plannedAt, sentAt }: LoadResult, since: 'planned' | 'sent'): Promise<JobTimes> {
  const { rows } = await database.query<{ started: number, completed: number }>(`
    select extract(epoch from j.started_at)::float8 * 1000 as started, extract(epoch from pg_xact_commit_timestamp(j.xmin))::float8 * 1000 as completed
    from unnest($1::uuid[]) with ordinality as asked(id, n) join jobs j using (id) order by n`, [ids])
  const from = since === 'planned' ? plannedAt : sentAt
  return { started: rows.map(({ started }, n) => started - from[n]!), completed: rows.map(({ completed }, n) => completed - from[n]!) }
}

async function clear(database: pg.Pool): Promise<void> {
  const { rows } = await database.query<{ name: string }>('select name from unnest($1::text[]) as name where to_regclass(name) is not null', [TABLES])
  await database.query(`truncate ${rows.map(({ name }) => name).join(', ')}`)
  await database.query('checkpoint')
}
