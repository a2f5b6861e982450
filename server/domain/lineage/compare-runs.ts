import { AppError } from '#server/domain/app-error.ts'
import { getJob } from '#server/domain/jobs/get-job.ts'
import { toSummary } from '#server/domain/jobs/present-job.ts'
import { readAttempts } from '#server/domain/jobs/read-attempts.ts'
import { readLogs } from '#server/domain/jobs/read-logs.ts'
import type { ExactJobRow } from '#server/domain/jobs/store.ts'
import { describeChanges } from '#server/domain/lineage/describe-changes.ts'
import { findLastSuccess, SUCCESS_LOOK_BACK } from '#server/domain/lineage/store.ts'
import { lineDiff } from '#shared/diff/line-diff.ts'
import type { Attempt } from '#shared/schemas/event.ts'
import type { CompareQuery, CompareSide, Comparison } from '#shared/schemas/job-compare.ts'

/** Lines of a log that are compared, and their length together: a run keeps a thousand lines of up to 8 KiB. */
const LINES_MAX = 1001
const LOG_MAX_LENGTH = 256 * 1024

/** A run with all that is compared; `result` is undefined when the run left none. */
interface Side { row: ExactJobRow, run: Attempt | null, waitedMs: number | null, result: unknown, log: { lines: string[], cut: boolean } }

/**
 * Puts a run of a job beside another run: of the same job, of another one, or of the newest older job of its type and queue
 * that completed. Throws NOT_FOUND for a job that is not there and for a run of which nothing is recorded.
 */
export async function compareRuns(organizationId: string, id: string, query: CompareQuery): Promise<Comparison> {
  const job = await getJob(organizationId, id)
  const after = await sideOf(job, query.run)
  const before = await otherSide(after, query)
  const looked_through = query.with === 'last-success' ? SUCCESS_LOOK_BACK : null
  if (before === null) return { ...nothingToCompare(after), looked_through }
  const { changes, count } = describeChanges([
    { part: 'payload', before: before.row.payload, after: after.row.payload },
    { part: 'result', before: before.result, after: after.result },
    { part: 'tags', before: before.row.tags ?? {}, after: after.row.tags ?? {} },
  ])
  return {
    before: present(before), after: present(after), looked_through, changes, change_count: count,
    error: { lines: lineDiff(errorLines(before), errorLines(after)), cut: false },
    log: { lines: lineDiff(before.log.lines, after.log.lines), cut: before.log.cut || after.log.cut },
  }
}

/** What the run is put beside; null when no success was found. */
async function otherSide({ row, run }: Side, query: CompareQuery): Promise<Side | null> {
  const id = query.with === 'last-success' ? await findLastSuccess(row.organizationId, row) : query.with ?? row.id
  if (id === null) return null
  if (id !== row.id) return sideOf(await getJob(row.organizationId, id), query.with_run)
  return sideOf(row, query.with_run ?? Math.max(1, (run?.run ?? 2) - 1))
}

/** The answer when nothing is there to compare with: what the job has, and no difference. */
const nothingToCompare = (after: Side): Comparison => ({
  before: null, after: present(after), looked_through: null, changes: [], change_count: 0,
  error: { lines: [], cut: false }, log: { lines: [], cut: after.log.cut },
})

async function sideOf(row: ExactJobRow, wanted: number | undefined): Promise<Side> {
  const { organizationId, id } = row
  const number = wanted ?? row.run
  const [attempts, log] = await Promise.all([readAttempts(organizationId, id, { before: number + 1, limit: 2 }), readLog(row, number)])
  const run = attempts.find(attempt => attempt.run === number) ?? null
  if (run === null && wanted !== undefined) throw noSuchRun(row, wanted)
  const result = row.state === 'completed' && number === row.run ? row.result : undefined
  return { row, run, log, result, waitedMs: waitBefore(row, run, attempts) }
}

/** From being due, or from the end of the run before, to the start; null when that is not known. */
function waitBefore(row: ExactJobRow, run: Attempt | null, attempts: Attempt[]): number | null {
  if (!run?.started_at) return null
  const due = run.run === 1 ? (row.scheduledAt ?? row.createdAt).toISOString() : attempts.find(attempt => attempt.run === run.run - 1)?.finished_at
  return due ? Math.max(0, Date.parse(run.started_at) - Date.parse(due)) : null
}

const noSuchRun = ({ id, run }: ExactJobRow, wanted: number) => new AppError('NOT_FOUND', wanted > run
  ? `Job ${id} has no run ${wanted}: it ran ${run === 1 ? 'once' : `${run} times`}.`
  : `Nothing is recorded about run ${wanted} of job ${id}.`)

async function readLog({ organizationId, id }: ExactJobRow, run: number): Promise<Side['log']> {
  if (run < 1) return { lines: [], cut: false }
  const { lines, next } = await readLogs(organizationId, id, { run, limit: LINES_MAX })
  let length = 0
  const kept = lines.filter(line => (length += line.text.length) <= LOG_MAX_LENGTH)
  return { lines: kept.map(line => line.text), cut: next !== null || kept.length < lines.length }
}

const errorLines = ({ run }: Side) => (run?.error ? run.error.split('\n') : [])
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

function present({ row, run, waitedMs, result, log }: Side): CompareSide {
  return {
    job: toSummary(row), run, waited_ms: waitedMs, payload_bytes: bytesOf(row.payload), result_bytes: result === undefined ? null : bytesOf(result ?? null),
    log_lines: log.lines.length,
  }
}
