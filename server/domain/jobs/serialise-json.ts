import { AppError } from '#server/domain/app-error.ts'
import { invalidField } from '#server/domain/jobs/validation-error.ts'
import { JSON_MAX_DEPTH, whyNotStorable } from '#shared/schemas/primitives.ts'

/** Largest payload, bytes of JSON (the contract of `/api/v1`), where the job's type names none. */
export const PAYLOAD_MAX_BYTES = 1024 * 1024
/** Largest tags, bytes of JSON. */
export const TAGS_MAX_BYTES = 64 * 1024
/** JSON.stringify writes U+0000 and half surrogate pairs, and little else, as these escapes. */
const SUSPICIOUS = /\\u0000|\\ud[89a-f]/
/** A shorter text has no room for too many levels. */
const SHALLOW_LENGTH = 2 * JSON_MAX_DEPTH

/** The payload of a job as JSON text. Throws VALIDATION_ERROR, and PAYLOAD_TOO_LARGE over `maxBytes`. */
export function serialisePayload(payload: unknown, maxBytes = PAYLOAD_MAX_BYTES): string {
  const text = serialise('payload', payload)
  if (hasMoreBytes(text, maxBytes)) {
    throw new AppError('PAYLOAD_TOO_LARGE', `The payload has more than ${maxBytes} bytes. Store large data elsewhere and send a reference.`)
  }
  return text
}

/** The tags of a job as JSON text. Throws VALIDATION_ERROR. */
export function serialiseTags(tags: Record<string, unknown>): string {
  const text = serialise('tags', tags)
  if (hasMoreBytes(text, TAGS_MAX_BYTES)) throw invalidField('tags', `have more than ${TAGS_MAX_BYTES} bytes of JSON`, 'too_big')
  return text
}

/**
 * What PostgreSQL cannot hold is looked for in the text, at the speed of a search; the value itself is walked only when
 * the text gives a reason to.
 */
function serialise(field: string, value: unknown): string {
  const text = stringify(field, value)
  if (text.length > SHALLOW_LENGTH && isDeep(text)) throw tooDeep(field)
  const reason = text.includes('\\u') && SUSPICIOUS.test(text) ? whyNotStorable(value) : null
  if (reason) throw invalidField(field, reason)
  return text
}

const tooDeep = (field: string) => invalidField(field, `is nested deeper than ${JSON_MAX_DEPTH} levels`)

function stringify(field: string, value: unknown): string {
  try {
    return JSON.stringify(value)
  }
  catch {
    // The parser takes any depth, the writer runs out of stack.
    throw tooDeep(field)
  }
}

const [QUOTE, BACKSLASH] = [34, 92]
const STEP = new Map([['[', 1], ['{', 1], [']', -1], ['}', -1]].map(([bracket, step]) => [String(bracket).charCodeAt(0), Number(step)]))

function isDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code > 90) depth += STEP.get(code) ?? 0
    if (depth > JSON_MAX_DEPTH) return true
  }
  return false
}

/** Where the string that opens at `start` closes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  for (;;) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
}

const hasMoreBytes = (text: string, max: number) => text.length > max || (text.length * 3 > max && Buffer.byteLength(text) > max)
