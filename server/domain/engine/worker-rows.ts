/** The queries of workers and control loops: heartbeats, leases, the belt's epoch, the roll-up of counters. */
import { execute, pool } from '#server/infra/database.ts'
import type { RunnerDocument } from '#shared/schemas/code.ts'
import { HEARTBEAT, HOLD_LEASE, LEAVE, ROLL_UP } from '#server/domain/engine/sql/presence.ts'

export async function rollUpCounters(limit: number): Promise<number> {
  const { rows } = await pool('engine').query<{ added: number }>({ name: 'roll-up', text: ROLL_UP, values: [limit] })
  return rows[0]?.added ?? 0
}

/** True when the lease of a control loop is ours for the next `seconds`. */
export async function holdLease(name: string, holder: string, seconds: number): Promise<boolean> {
  const { rowCount } = await pool('engine').query(HOLD_LEASE, [name, holder, seconds])
  return rowCount === 1
}

export async function releaseLeases(holder: string): Promise<void> {
  await pool('engine').query('delete from control_leases where holder = $1', [holder])
}

export async function readEpoch(): Promise<string | null> {
  const { rows } = await pool('engine').query<{ epoch: string | null }>('select epoch from belt_state')
  return rows[0]?.epoch ?? null
}

export async function writeEpoch(epoch: string): Promise<void> {
  await pool('engine').query('update belt_state set epoch = $1', [epoch])
}

export interface WorkerRow {
  id: string
  hostname: string
  pid: number
  version: string
  queues: string[]
  slots: number
  running: number
  name: string
  status: 'running' | 'draining' | 'refusing'
  /** Mean milliseconds of each job type's handler, as far as measured. */
  handlerMs: Record<string, number>
  /** Some of what it runs, for people. */
  jobIds: string[]
  /** Of the process, and of its main thread's heap. */
  memory: { rssBytes: number, heapBytes: number }
  /** What its runner of code can do; null when it runs none, or is still being proven. */
  runner?: RunnerDocument | null
}
/** What a worker hears when it says that it lives. */
export interface BeatAnswer {
  /** Jobs of this worker that are to stop. */
  cancels: string[]
  /** Somebody wants it to finish what it has and take no more. */
  drain: boolean
}

/** Says that a worker lives, prolongs the claims it holds, deletes those it has released; answers what is wanted of it. */
export async function beat(worker: WorkerRow, claims: { leaseSeconds: number, held: string[], released: string[] }): Promise<BeatAnswer> {
  const { rows } = await execute<BeatAnswer>('engine', { name: 'heartbeat', text: HEARTBEAT, values: [
    worker.id, worker.hostname, worker.pid, worker.version, worker.queues, worker.slots, worker.running, worker.name, worker.status,
    JSON.stringify(worker.handlerMs), worker.jobIds, claims.leaseSeconds, claims.held, claims.released,
    worker.memory.rssBytes, worker.memory.heapBytes, worker.runner ? JSON.stringify(worker.runner) : null] })
  return rows[0]!
}

export async function removeWorker(id: string): Promise<void> {
  await execute('engine', { name: 'leave', text: LEAVE, values: [id] })
}

/** Forgets workers silent for a minute; their claims have run out long before. */
export async function forgetSilentWorkers(): Promise<void> {
  await pool('engine').query(`delete from workers where heartbeat_at < now() - interval '1 minute'`)
}

/** Heard of in the last eight seconds. */
const IS_ALIVE = `heartbeat_at > now() - interval '8 seconds'`

export interface LiveWorkers { count: number, draining: number, handlerMs: Record<string, number> }

/** Worker processes heard of in the last eight seconds that take work, those that run code alone left out; and the mean of what all handlers need. */
export async function liveWorkers(): Promise<LiveWorkers> {
  const { rows } = await pool('engine').query<{ handler_ms: Record<string, number>, status: string, only_code: boolean }>(
    `select handler_ms, status, queues = array['code-execution'] as only_code from workers where ${IS_ALIVE} and status <> 'refusing'`)
  const handlerMs: Record<string, number> = {}
  for (const name of new Set(rows.flatMap(row => Object.keys(row.handler_ms)))) {
    const known = rows.map(row => row.handler_ms[name]).filter(ms => ms !== undefined)
    handlerMs[name] = known.reduce((sum, ms) => sum + ms, 0) / known.length
  }
  const ordinary = rows.filter(row => !row.only_code)
  const draining = ordinary.filter(row => row.status === 'draining').length
  return { count: ordinary.length - draining, draining, handlerMs }
}

/** How many living worker processes there are for a lane: those that take its jobs, and those that refuse all work. */
export interface LaneWorkers { taking: number, refusing: number }

/** The living worker processes by lane; a lane that nobody serves is absent. */
export async function workersByLane(): Promise<Map<string, LaneWorkers>> {
  const { rows } = await pool('engine').query<LaneWorkers & { lane: string }>(`
    select lane, count(*) filter (where status = 'running')::int as taking, count(*) filter (where status = 'refusing')::int as refusing
    from workers cross join unnest(queues) as lane where ${IS_ALIVE} group by 1`)
  return new Map(rows.map(({ lane, ...workers }) => [lane, workers]))
}

/** A living worker of a lane as it says of itself; `runner` is unread. */
export interface RunnerRow { id: string, name: string, status: WorkerRow['status'], draining: boolean, runner: unknown }

/** The living workers of a lane, oldest first. */
export async function runnerRows(lane: string): Promise<RunnerRow[]> {
  const { rows } = await pool('engine').query<RunnerRow>({ name: 'runners', values: [lane], text: `
    select id, name, status, drain_wanted_at is not null or status = 'draining' as draining, runner
    from workers where ${IS_ALIVE} and $1 = any(queues) order by started_at, id` })
  return rows
}
