import { fromIssues } from '#server/domain/jobs/validation-error.ts'
import { JobFields, SCHEDULE_AHEAD_MS } from '#shared/schemas/job.ts'

const PLAIN_FIELDS = new Set(['payload', 'priority', 'idempotency_key', 'scheduled_at'])
/** A time as we write it ourselves; any other way to write one is left to the schema. */
const CANONICAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** The fields of one row of a bulk call. Throws VALIDATION_ERROR as the schema says. */
export function readRow(row: unknown): JobFields {
  const plain = readPlainRow(row)
  if (plain) return plain
  const parsed = JobFields.safeParse(row)
  if (parsed.success) return parsed.data
  throw fromIssues(parsed.error.issues)
}

/**
 * The usual row, checked by hand: the schema needs several microseconds for what this does in a fraction of one, ten
 * thousand times a call. It never refuses: whatever is not certainly right (undefined) is for the schema to judge. A
 * property test holds the two together.
 */
export function readPlainRow(row: unknown): JobFields | undefined {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return undefined
  for (const name in row) {
    if (!PLAIN_FIELDS.has(name)) return undefined
  }
  const { payload = {}, priority, idempotency_key: key, scheduled_at: at } = row as Record<string, unknown>
  return isPriority(priority) && isKey(key) && isNearTime(at)
    ? { payload: payload as JobFields['payload'], priority, idempotency_key: key, scheduled_at: at }
    : undefined
}

const isPriority = (value: unknown): value is number | undefined =>
  value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= -100 && value <= 100)

const isKey = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && value.length >= 1 && value.length <= 255 && !value.includes('\0') && value.isWellFormed())

function isNearTime(value: unknown): value is string | undefined {
  if (value === undefined) return true
  if (typeof value !== 'string' || !CANONICAL_TIME.test(value) || value < '0001') return false
  const at = new Date(value)
  // A day that does not exist (February 30) rolls over into one that is written otherwise.
  return at.getTime() <= Date.now() + SCHEDULE_AHEAD_MS && at.toISOString() === value
}
