import { randomInt } from 'node:crypto'
import { intArray, uuidArray } from '#server/infra/binary-arrays.ts'
import { execute } from '#server/infra/database.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { BOUNCE, CLAIM } from '#server/domain/engine/sql/claim.ts'
import { COMPLETE, COMPLETE_PLAIN, FINISH, NEXT_STATES, OUTCOMES } from '#server/domain/engine/sql/finish.ts'
import { errorGroupOf } from '#server/domain/engine/error-form.ts'
import { LOG, PROGRESS } from '#server/domain/engine/sql/presence.ts'
import type { Backoff } from '#shared/schemas/job.ts'
import type { JobState } from '#shared/job-states.ts'

export interface ClaimedJob {
  id: string
  organizationId: string
  queueName: string
  jobType: string
  run: number
  payload: unknown
  failures: number
  crashes: number
  maxRetries: number
  backoff: Backoff | null
  timeoutSeconds: number
  gated: boolean
  orderingKey: string | null
  concurrencyKey: string | null
  /** Was held by a worker that died with several jobs: it runs where it can harm nobody. */
  suspect: boolean
  /** Holds no key or place and never expires: nothing but its row changes when it completes. */
  plain: boolean
  /** By this process' clock; the row's is PostgreSQL's. */
  startedAt: Date
  /** Milliseconds it waited: the first run from its creation or its scheduled time, a later one from its dispatch. */
  waitMs: number
  claimId: string
}

export type RunOutcome = 'completed' | 'failed' | 'cancelled' | 'snoozed' | 'crashed' | 'handed_back'
/** The end of one run. `result` is serialised JSON. */
export interface FinishedRun {
  id: string
  run: number
  state: JobState
  outcome: RunOutcome
  result: string | null
  error: string | null
  delayMs: number
  /** As the claimed job's; needed for completions only. */
  plain?: boolean
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
/** A row after its run, with the keys it may have given back. */
export interface EndedJob extends ChangedJob { gated: boolean, ordering_key: string | null, concurrency_key: string | null }

export const column = <T, K extends keyof T>(rows: T[], key: K): T[K][] => rows.map(row => row[key])

/** Lowest and highest of some ids: what tells PostgreSQL which days to look into. Needs at least one. */
export function bounds(ids: string[]): [string, string] {
  let [low, high] = [ids[0]!, ids[0]!]
  for (const id of ids) {
    if (id < low) low = id
    else if (id > high) high = id
  }
  return [low, high]
}

export async function claimJobs(ids: string[], workerId: string, leaseSeconds: number): Promise<ClaimedJob[]> {
  const startedAt = new Date()
  const claimId = newClaimId()
  const { rows } = await retryDeadlock(() => execute('hot', { name: 'claim', text: CLAIM, values: [uuidArray(ids), workerId, leaseSeconds, ...bounds(ids), claimId] }))
  return rows.map(row => ({
    id: row.id, organizationId: row.organization_id, queueName: row.queue_name, jobType: row.job_type, run: row.run, payload: row.payload,
    failures: row.failures, crashes: row.crashes, maxRetries: row.max_retries, backoff: row.backoff, timeoutSeconds: row.timeout_seconds,
    gated: row.gated, orderingKey: row.ordering_key, concurrencyKey: row.concurrency_key, suspect: row.suspect, plain: !row.gated && !row.expires,
    startedAt, waitMs: row.wait_ms, claimId,
  }))
}

/** 62 random bits: the row lives for seconds, and one of the same id would make the claim fail and be tried again. */
const newClaimId = (): string => String(BigInt(randomInt(2 ** 31)) << 31n | BigInt(randomInt(2 ** 31)))

/** Puts jobs that a paused or limited queue kept from being claimed back into the waiting room. */
export async function bounceJobs(ids: string[]): Promise<void> {
  await retryDeadlock(() => execute('engine', { name: 'bounce', text: BOUNCE, values: [ids, ...bounds(ids)] }))
}

export async function saveProgress(id: string, run: number, progress: number): Promise<void> {
  await execute('hot', { name: 'progress', text: PROGRESS, values: [id, run, progress] })
}

/** Runs that completed, in one statement that lets go of `claimIds` too; answers the ids whose result was accepted. */
export async function completeRuns(runs: FinishedRun[], claimIds: string[]): Promise<Set<string>> {
  const once = eachJobOnce(runs)
  const results = `[${once.map(run => run.result ?? 'null').join(',')}]`
  const statement = once.every(run => run.plain) ? { name: 'complete-plain', text: COMPLETE_PLAIN } : { name: 'complete', text: COMPLETE }
  const { rows } = await execute<{ id: string }>('hot', { ...statement, values: [...guardOf(once, claimIds), results] })
  return new Set(rows.map(row => row.id))
}

/** Runs that ended otherwise, likewise; answers the rows as they are now, by id. */
export async function endRuns(runs: FinishedRun[], claimIds: string[]): Promise<Map<string, EndedJob>> {
  const once = eachJobOnce(runs)
  const { rows } = await execute<EndedJob>('hot', { name: 'finish', text: FINISH, values: [
    ...guardOf(once, claimIds),
    once.map(run => NEXT_STATES.indexOf(run.state as (typeof NEXT_STATES)[number]) + 1), once.map(run => OUTCOMES.indexOf(run.outcome) + 1),
    column(once, 'delayMs'), JSON.stringify(column(once, 'error')), once.map(groupOfRun)] })
  return new Map(rows.map(row => [row.id, row]))
}

/** Failures, timeouts and crashes are errors; being cancelled, snoozed or handed back is none. */
const groupOfRun = ({ outcome, error }: FinishedRun): string | null => (outcome === 'failed' || outcome === 'crashed' ? errorGroupOf(error ?? '') : null)

/** In the order of their ids, as the statements need it; of two runs of one job only the later can be the running one. */
const eachJobOnce = (runs: FinishedRun[]): FinishedRun[] =>
  [...new Map(runs.toSorted((a, b) => a.id < b.id ? -1 : a.id > b.id ? 1 : a.run - b.run).map(run => [run.id, run])).values()]

const guardOf = (runs: FinishedRun[], claimIds: string[]): unknown[] =>
  [uuidArray(column(runs, 'id')), intArray(column(runs, 'run')), claimIds, runs[0]!.id, runs.at(-1)!.id]

export interface LogLine { jobId: string, run: number, line: number, organizationId: string, at: Date, text: string }

/** Keeps log lines of runs; a line that is there already stays as it is. */
export async function insertLogs(lines: LogLine[]): Promise<void> {
  await execute('engine', { name: 'log', text: LOG, values: [
    column(lines, 'jobId'), column(lines, 'run'), column(lines, 'line'), column(lines, 'organizationId'), column(lines, 'at'), column(lines, 'text')] })
}
