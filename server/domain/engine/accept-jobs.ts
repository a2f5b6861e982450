import { createBatcher } from '#server/infra/batcher.ts'
import { jobsAccepted } from '#server/infra/metrics.ts'
import { splitOnDataError } from '#server/domain/engine/split-on-data-error.ts'
import { pushToBelt } from '#server/domain/engine/push-to-belt.ts'
import { toRow, toRows, type NewJob } from '#server/domain/engine/make-rows.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { insertJobs, jobsOfKeys, type NewRow } from '#server/domain/engine/insert-jobs.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'
import type { JobType } from '#shared/job-types.ts'

export interface AcceptedJob { id: string, created: boolean }

/** Rows of one statement, at most. Two flushes under way: one commits while the next is being filled. */
const MAX_ROWS = 1000
const acceptRow = createBatcher<NewRow, AcceptedJob>({ slots: 2, max: MAX_ROWS, restMs: 5, flush: flushRows })
/** Many jobs of one call are a statement of their own; so many of those at once. */
const acceptChunk = createBatcher<NewRow[], (AcceptedJob | Error)[]>({ slots: 2, max: 1, flush: chunks => Promise.all(chunks.map(flushRows)) })

/**
 * Accepts a job: the answer comes after the commit and never waits for the belt. A repeated idempotency key answers the
 * first job's id with `created: false`. Jobs that arrive together share one statement; one bad row fails alone.
 */
export function acceptJob(job: NewJob): Promise<AcceptedJob> {
  return acceptRow(toRow(job, new Date()))
}

/** The same for many jobs of one call; answers in their order, an Error for each row that was refused. */
export async function acceptJobs(jobs: NewJob[]): Promise<(AcceptedJob | Error)[]> {
  const rows = toRows(jobs, new Date())
  const chunks = Array.from({ length: Math.ceil(rows.length / MAX_ROWS) }, (_, index) => rows.slice(index * MAX_ROWS, (index + 1) * MAX_ROWS))
  return (await Promise.all(chunks.map(chunk => acceptChunk(chunk)))).flat()
}

async function flushRows(rows: NewRow[]): Promise<(AcceptedJob | Error)[]> {
  const { firsts, firstOf } = foldRepeats(rows)
  const results = await splitOnDataError(firsts, insertWithRescue)
  const accepted = new Map(firsts.map((row, index) => [row, results[index]!]))
  announce(firsts.filter((row) => {
    const result = accepted.get(row)
    return !(result instanceof Error) && result?.created
  }))
  // The first of a key was bad: the next one of that key is on its own.
  const orphans = rows.filter(row => accepted.get(firstOf.get(row)!) instanceof Error)
  if (orphans.length > 0) (await flushRows(orphans)).forEach((result, index) => accepted.set(orphans[index]!, result))
  return rows.map((row) => {
    const result = accepted.get(row) ?? accepted.get(firstOf.get(row)!)!
    return result instanceof Error || accepted.has(row) ? result : { id: result.id, created: false }
  })
}

/** Rows of one flush with the same idempotency key are one job. */
function foldRepeats(rows: NewRow[]): { firsts: NewRow[], firstOf: Map<NewRow, NewRow> } {
  const byKey = new Map<string, NewRow>()
  const firstOf = new Map<NewRow, NewRow>()
  const firsts = rows.filter((row) => {
    if (row.rest.idempotency_key === null) return true
    const key = `${row.rest.organization_id} ${row.rest.idempotency_key}`
    const first = byKey.get(key)
    if (first) firstOf.set(row, first)
    else byKey.set(key, row)
    return first === undefined
  })
  return { firsts, firstOf }
}

/** What became of each row: inserted, or the job that holds its idempotency key. */
async function insertWithRescue(rows: NewRow[]): Promise<AcceptedJob[]> {
  const inserted = await insertRetrying(rows)
  const keyed = rows.filter(row => !inserted.has(row.id) && row.rest.idempotency_key !== null)
  const owners = keyed.length > 0
    ? await jobsOfKeys(keyed.map(row => ({ organizationId: row.rest.organization_id, key: row.rest.idempotency_key! })))
    : new Map<string, string>()
  return rows.map((row) => {
    // Our own id as owner, or no key at all: an earlier try of this statement was committed before its answer was lost.
    const owner = owners.get(`${row.rest.organization_id} ${row.rest.idempotency_key}`) ?? row.id
    return { id: owner, created: owner === row.id }
  })
}

const DEADLOCK = '40P01'
const isConnectionLoss = (code: string | undefined) => code === undefined || code.startsWith('08') || code.startsWith('57P')

/** A deadlock or a lost connection is tried again once, with the same ids. */
async function insertRetrying(rows: NewRow[]): Promise<Set<string>> {
  try {
    return await insertJobs(rows)
  }
  catch (error) {
    const code = (error as { code?: string }).code
    if (code === DEADLOCK || isConnectionLoss(code)) return insertJobs(rows, true)
    throw error
  }
}

function announce(rows: NewRow[]): void {
  // The worker first: who watches can wait for a moment.
  void pushToBelt(rows.filter(({ rest }) => rest.dispatched_at !== null).map(({ id, rest }) => ({ id, lane: rest.job_type as JobType, priority: rest.priority })))
  for (const [type, same] of Map.groupBy(rows, row => row.rest.job_type)) jobsAccepted.inc({ type: type ?? 'external' }, same.length)
  tellChanges(rows.map(({ id, rest }) => ({
    id, organization_id: rest.organization_id, queue_name: rest.queue_name, job_type: rest.job_type, state: rest.state, run: 0, updated_at: new Date(rest.created_at),
  })))
  if (rows.some(({ rest }) => rest.gated && rest.state === 'pending')) wakeDispatcher()
}
