import { pool } from '#server/infra/database.ts'
import * as sql from '#server/domain/engine/sql.ts'
import type { Backoff } from '#shared/schemas/job.ts'
import type { JobState } from '#shared/job-states.ts'

/** A job row to insert; times are RFC 3339 text, JSON columns are serialised. */
export interface JobRow {
  id: string
  organizationId: string
  queueName: string
  jobType: string | null
  state: JobState
  priority: number
  payload: string
  tags: string | null
  idempotencyKey: string | null
  maxRetries: number
  backoff: string | null
  timeoutSeconds: number
  dueAt: string | null
  dispatchedAt: string | null
  scheduledAt: string | null
  createdAt: string
}

export interface ClaimedJob {
  id: string
  organizationId: string
  queueName: string
  jobType: string
  run: number
  payload: unknown
  failures: number
  maxRetries: number
  backoff: Backoff | null
  timeoutSeconds: number
  startedAt: Date
  /** When its hint was sent. */
  readyAt: Date
  claimId: string
}

/** The end of one run. `result` is serialised JSON. */
export interface FinishedRun {
  id: string
  run: number
  state: JobState
  outcome: 'completed' | 'failed' | 'cancelled' | 'snoozed'
  result: string | null
  error: string | null
  delayMs: number
}

/** A row after its change, as the live bus tells it. */
export interface ChangedJob {
  id: string
  organization_id: string
  queue_name: string
  job_type: string | null
  state: JobState
  run: number
  updated_at: Date
}
export interface DueJob extends ChangedJob { priority: number, from_state: JobState }

const column = <T, K extends keyof T>(rows: T[], key: K): T[K][] => rows.map(row => row[key])

/** Inserts rows in one statement; answers the ids inserted (a repeated idempotency key leaves its row out). */
export async function insertJobs(rows: JobRow[]): Promise<Set<string>> {
  const values = [
    column(rows, 'id'), column(rows, 'organizationId'), column(rows, 'queueName'), column(rows, 'jobType'), column(rows, 'state'),
    column(rows, 'priority'), column(rows, 'payload'), column(rows, 'tags'), column(rows, 'idempotencyKey'), column(rows, 'maxRetries'),
    column(rows, 'backoff'), column(rows, 'timeoutSeconds'), column(rows, 'dueAt'), column(rows, 'dispatchedAt'), column(rows, 'scheduledAt'),
    column(rows, 'createdAt'),
  ]
  const { rows: inserted } = await pool('engine').query<{ id: string }>({ name: 'accept', text: sql.ACCEPT, values })
  return new Set(inserted.map(row => row.id))
}

/** Which job holds each idempotency key; keyed by `organization key`. */
export async function jobsOfKeys(asked: { organizationId: string, key: string }[]): Promise<Map<string, string>> {
  const { rows } = await pool('engine').query<{ organization_id: string, key: string, job_id: string }>(
    sql.JOBS_OF_KEYS, [column(asked, 'organizationId'), column(asked, 'key')])
  return new Map(rows.map(row => [`${row.organization_id} ${row.key}`, row.job_id]))
}

export async function dispatchDue(lanes: string[], limit: number): Promise<DueJob[]> {
  const { rows } = await pool('engine').query<Omit<DueJob, 'state'>>({ name: 'dispatch', text: sql.DISPATCH_DUE, values: [lanes, limit] })
  return rows.map(row => ({ ...row, state: 'pending' }))
}

export async function handBackToDispatcher(ids: string[]): Promise<void> {
  await pool('engine').query(sql.HAND_BACK_TO_DISPATCHER, [ids])
}

/** Makes the stamped pending rows of a lane due again; answers how many. */
export async function restampLane(lane: string, olderThanSeconds: number): Promise<number> {
  const { rowCount } = await pool('engine').query(sql.RESTAMP_LANE, [lane, olderThanSeconds])
  return rowCount ?? 0
}

/** True when the counters know of pending jobs of a type; cheap, and exact up to the deltas not yet added up. */
export async function hasPending(jobType: string): Promise<boolean> {
  const { rows } = await pool('engine').query<{ pending: string }>(`
    select coalesce(sum(count), 0) as pending from (
      select count from job_counters where job_type = $1 and state = 'pending'
      union all select delta from job_counter_deltas where job_type = $1 and state = 'pending') as parts(count)`, [jobType])
  return Number(rows[0]?.pending) > 0
}

export async function claimJobs(ids: string[], workerId: string, leaseSeconds: number): Promise<ClaimedJob[]> {
  const { rows } = await pool('engine').query({ name: 'claim', text: sql.CLAIM, values: [ids, workerId, leaseSeconds] })
  return rows.map(row => ({
    id: row.id, organizationId: row.organization_id, queueName: row.queue_name, jobType: row.job_type, run: row.run, payload: row.payload,
    failures: row.failures, maxRetries: row.max_retries, backoff: row.backoff, timeoutSeconds: row.timeout_seconds, startedAt: row.started_at, readyAt: row.ready_at,
    claimId: row.claim_id,
  }))
}

export async function saveProgress(id: string, run: number, progress: number): Promise<void> {
  await pool('engine').query({ name: 'progress', text: sql.PROGRESS, values: [id, run, progress] })
}

/** Ends runs in one statement and lets go of `claimIds`; answers the rows whose result was accepted. */
export async function finishRuns(runs: FinishedRun[], claimIds: string[]): Promise<ChangedJob[]> {
  const values = [
    column(runs, 'id'), column(runs, 'run'), column(runs, 'state'), column(runs, 'result'), column(runs, 'error'), column(runs, 'outcome'),
    column(runs, 'delayMs'), claimIds,
  ]
  const { rows } = await pool('engine').query<ChangedJob>({ name: 'finish', text: sql.FINISH, values })
  return rows
}

export async function reapClaims(crashLimit: number): Promise<ChangedJob[]> {
  const { rows } = await pool('engine').query<ChangedJob>(sql.REAP, [crashLimit])
  return rows
}

export async function rollUpCounters(limit: number): Promise<number> {
  const { rows } = await pool('engine').query<{ added: number }>({ name: 'roll-up', text: sql.ROLL_UP, values: [limit] })
  return rows[0]?.added ?? 0
}

/** True when the lease of a control loop is ours for the next `seconds`. */
export async function holdLease(name: string, holder: string, seconds: number): Promise<boolean> {
  const { rowCount } = await pool('engine').query(sql.HOLD_LEASE, [name, holder, seconds])
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

export interface WorkerRow { id: string, hostname: string, pid: number, version: string, queues: string[], slots: number, running: number }

/** Says that a worker lives, prolongs the claims it holds and deletes those it has released. */
export async function beat(worker: WorkerRow, claims: { leaseSeconds: number, held: string[], released: string[] }): Promise<void> {
  await pool('engine').query({ name: 'heartbeat', text: sql.HEARTBEAT, values: [
    worker.id, worker.hostname, worker.pid, worker.version, worker.queues, worker.slots, worker.running, claims.leaseSeconds, claims.held, claims.released] })
}

export async function removeWorker(id: string): Promise<void> {
  await pool('engine').query('delete from workers where id = $1', [id])
}

/** Forgets workers silent for a minute; their claims have run out long before. */
export async function forgetSilentWorkers(): Promise<void> {
  await pool('engine').query(`delete from workers where heartbeat_at < now() - interval '1 minute'`)
}

/** Worker processes heard of in the last eight seconds. */
export async function liveWorkers(): Promise<number> {
  const { rows } = await pool('engine').query<{ alive: number }>(`select count(*)::int as alive from workers where heartbeat_at > now() - interval '8 seconds'`)
  return rows[0]?.alive ?? 0
}
