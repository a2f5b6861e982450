import { z } from 'zod'

/** Text that PostgreSQL can hold: no U+0000, no half surrogate pair. */
export const StorableText = z.string().regex(/^[^\0\p{Cs}]*$/u, 'holds a character that cannot be stored (U+0000 or half a surrogate pair)')

/** UUIDv7 as text; digits in either case, kept in the lower one. */
export const Id = z.uuid({ error: 'must be a UUID' }).toLowerCase()
/** RFC 3339, UTC, milliseconds. */
export const Timestamp = z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time, for example 2026-01-31T12:00:00.000Z' })
/** The first and last moment that clients and PostgreSQL write alike: years 1 to 9999. */
const FIRST_MOMENT = Date.parse('0001-01-01T00:00:00.000Z')
const LAST_MOMENT = Date.parse('9999-12-31T23:59:59.999Z')

/** A time from outside; comes out in UTC with milliseconds, whatever offset it was written with. */
export const TimeInput = Timestamp.transform((text, context) => {
  const at = new Date(text)
  if (at.getTime() >= FIRST_MOMENT && at.getTime() <= LAST_MOMENT) return at.toISOString()
  context.addIssue({ code: 'custom', message: 'must lie in the years 0001 to 9999 (UTC)' })
  return z.NEVER
})
/** A JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
/** Any JSON value, as it comes out of the database. */
export const Json = z.unknown() as z.ZodType<Json>

/** Deepest nesting of a JSON value we store; beyond it PostgreSQL and clients run out of stack. */
export const JSON_MAX_DEPTH = 200
const UNSTORABLE_TEXT = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

/**
 * Says what keeps PostgreSQL from holding a JSON value, or null when nothing does: text with U+0000 or half a surrogate
 * pair, or more than 200 levels. Walks without recursion, so that hostile depth cannot exhaust the stack.
 */
export function whyNotStorable(value: unknown): string | null {
  const open: { value: unknown, depth: number }[] = [{ value, depth: 1 }]
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === 'string' && UNSTORABLE_TEXT.test(next.value)) return 'holds text that PostgreSQL cannot store (U+0000 or half a surrogate pair)'
    if (typeof next.value !== 'object' || next.value === null) continue
    if (next.depth > JSON_MAX_DEPTH) return `is nested deeper than ${JSON_MAX_DEPTH} levels`
    for (const [key, inner] of Object.entries(next.value)) {
      open.push({ value: key, depth: next.depth }, { value: inner, depth: next.depth + 1 })
    }
  }
  return null
}

/** A JSON value from outside that PostgreSQL can hold. */
export const StorableJson = Json.superRefine((value, context) => {
  const reason = whyNotStorable(value)
  if (reason) context.addIssue({ code: 'custom', message: reason })
})
/** Page size of a list; text from a query string is accepted. */
export const Limit = z.coerce.number({ error: 'must be a whole number from 1 to 100' }).int().min(1).max(100).default(50)
export const Offset = z.coerce.number().int().min(0).max(1_000_000)
/** Opaque mark of the last row seen: hand back `next_cursor` as it is. */
export const Cursor = z.string().min(1).max(200)
/** Name of a queue: letters, digits, `-`, `_`, `.`; not starting with `.` or `-` (limits: 1 to 100 characters). */
export const QueueName = z.string().min(1).max(100)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9\-_.]*$/, 'may hold letters, digits, "-", "_" and ".", and must not start with "." or "-"')
/** Why an operator does something; shown on the timeline. */
export const Reason = StorableText.max(500, 'must have at most 500 characters').optional()
/** Body of an action that takes nothing but a reason. */
export const ReasonBody = z.strictObject({ reason: Reason })
/** Answer without a body (204). */
export const NoContent = z.null().optional()
