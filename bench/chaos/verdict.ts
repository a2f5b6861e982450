/** Compares what clients were promised, and what must be true at any rate, with what the database holds. */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { isFinal, type JobState } from '#shared/job-states.ts'
import { CHECKS } from './checks.ts'
import { historyOf } from './history.ts'
import { OUTSIDE_QUEUE } from './kinds.ts'
import type { Ledger, Promised } from './ledger.ts'

/** Something that should not be; `jobId` where one job is meant. */
export interface Violation { jobId: string | null, detail: string }
export interface Finding { check: string, count: number, examples: (Violation & { history?: string })[] }

export interface Verdict {
  /** Seconds from the end of the load until nothing moved any more; NaN when that never came. */
  settledSeconds: number
  figures: Record<string, number>
  /** Every check, also those that found nothing. */
  findings: Finding[]
}

const EXAMPLES = 3
const CRASH_LIMIT = 3
const ROWS_AT_ONCE = 10_000

export const isBroken = ({ settledSeconds, findings }: Verdict): boolean => Number.isNaN(settledSeconds) || findings.some(finding => finding.count > 0)

/** Waits until nothing moves any more, at most `settleMs`, then looks at everything. */
export async function judge(owner: pg.Pool, { ledger, settleMs }: { ledger: Ledger, settleMs: number }): Promise<Verdict> {
  const settledSeconds = await untilSettled(owner, settleMs)
  const findings = [
    ...await askDatabase(owner),
    await finding(owner, 'every acknowledged job exists and has ended as it must, after as many failures as it must', await unkept(owner, ledger)),
    await finding(owner, 'a repeated idempotency key was answered with the same job', ledger.conflicts.map(key => ({ jobId: ledger.keys.get(key) ?? null, detail: key }))),
    await finding(owner, 'no request was refused', ledger.refused.map(detail => ({ jobId: null, detail }))),
  ]
  return { settledSeconds, findings, figures: await readFigures(owner, ledger) }
}

/** Every question of CHECKS. */
export async function askDatabase(owner: pg.Pool): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { name, sql, values = [] } of CHECKS) {
    const { rows } = await owner.query<{ job_id: string | null, detail: string }>(sql, values)
    findings.push(await finding(owner, name, rows.map(row => ({ jobId: row.job_id, detail: row.detail }))))
  }
  return findings
}

async function finding(owner: pg.Pool, check: string, violations: Violation[]): Promise<Finding> {
  const examples = await Promise.all(violations.slice(0, EXAMPLES).map(async violation => ({
    ...violation, ...(violation.jobId !== null && { history: await historyOf(owner, violation.jobId) }),
  })))
  return { check, count: violations.length, examples }
}

const MOVING = `
  select (select count(*) from jobs where state not in ('completed', 'failed', 'cancelled', 'expired') and queue_name <> $1)
    + (select count(*) from jobs where queue_name = $1 and expires_at is not null and state = 'pending')
    + (select count(*) from claims) + (select count(*) from job_slots) + (select count(*) from cancel_requests) + (select count(*) from job_expiries)
    + (select count(*) from due_jobs where queue_name <> $1) as moving`

async function untilSettled(owner: pg.Pool, settleMs: number): Promise<number> {
  const startedAt = performance.now()
  while (performance.now() - startedAt < settleMs) {
    const { rows } = await owner.query<{ moving: string }>(MOVING, [OUTSIDE_QUEUE]).catch(() => ({ rows: [] }))
    if (rows[0]?.moving === '0') return (performance.now() - startedAt) / 1000
    await sleep(250)
  }
  return Number.NaN
}

interface Row { id: string, state: JobState, failures: number, crashes: number }

async function unkept(owner: pg.Pool, ledger: Ledger): Promise<Violation[]> {
  const ids = [...ledger.jobs.keys()]
  const violations: Violation[] = []
  for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
    const asked = ids.slice(at, at + ROWS_AT_ONCE)
    const { rows } = await owner.query<Row>('select id, state, failures, crashes from jobs where id = any($1::uuid[])', [asked])
    const byId = new Map(rows.map(row => [row.id, row]))
    for (const id of asked) {
      const detail = wrongWith(ledger, ledger.jobs.get(id)!, byId.get(id) ?? id)
      if (detail !== null) violations.push({ jobId: id, detail })
    }
  }
  return violations
}

/** What is wrong with a job, null when nothing is. A row that is only an id was not found. */
function wrongWith(ledger: Ledger, { kind, failures }: Promised, row: Row | string): string | null {
  if (typeof row === 'string') return `${kind.name}: lost`
  // Whoever was alone on its worker three times when that was killed looks like the murderer: the dead letter is right.
  if (row.state === 'failed' && row.crashes >= CRASH_LIMIT) return null
  if (ledger.cancelled.has(row.id) && row.state !== 'cancelled') return `${kind.name}: ${row.state}, although its cancel was answered`
  if (!kind.ends.includes(row.state)) return `${kind.name}: ${row.state}, not ${kind.ends.join(' or ')}`
  if (failures !== undefined && isFinal(row.state) && row.failures !== failures) return `${kind.name}: ${row.failures} failures, not ${failures}`
  return null
}

async function readFigures(owner: pg.Pool, ledger: Ledger): Promise<Record<string, number>> {
  const { rows } = await owner.query<Record<string, number>>(`
    select (select count(*)::int from jobs) as "jobs in the database",
      (select count(*)::int from chaos.moves) as "moves",
      (select count(*)::int from chaos.moves where to_state = 'running') as "runs",
      (select count(*)::int from chaos.moves where from_state = 'running' and to_state = 'pending') as "runs lost, crashed or handed back",
      (select count(distinct job_id)::int from chaos.moves where run > 1 and to_state = 'running') as "jobs that ran more than once",
      (select count(*)::int from job_attempts where outcome = 'lost') as "attempts lost with their worker",
      (select count(*)::int from job_attempts where outcome = 'handed_back') as "attempts handed back",
      (select count(*)::int from job_attempts where outcome = 'crashed') as "attempts counted as a crash",
      (select count(*)::int from jobs where state = 'failed' and crashes >= 3) as "jobs in the dead letter after three crashes"`)
  return {
    'acknowledged jobs': ledger.jobs.size, 'of them by single call': ledger.singles, 'of them by bulk call': ledger.bulk, 'idempotency keys': ledger.keys.size,
    'requests tried again': ledger.failures, ...rows[0],
  }
}
