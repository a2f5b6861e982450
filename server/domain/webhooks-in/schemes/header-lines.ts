import { refuse, type Refused } from './webhook-scheme.ts'

/** Every line of a header, in order. `name` in lower case. */
export function headerLines(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
    .map((value) => value.trim())
}

/** The value of a header that came on exactly one line; null when it is absent, empty, or ambiguous. */
export function singleHeader(rawHeaders: readonly string[], name: string): string | null {
  const lines = headerLines(rawHeaders, name)
  return lines.length === 1 && lines[0] ? lines[0] : null
}

/**
 * A header the signature depends on. Two lines of it are refused: a proxy, an SDK and this server
 * could each believe another one (HTTP libraries join them, take the first, or take the last).
 *
 * @param options.missing what to tell the operator when the header did not come.
 */
export function requiredHeader(options: { rawHeaders: readonly string[]; name: string; missing: string }): { ok: true; value: string } | Refused {
  const { rawHeaders, name, missing } = options
  const lines = headerLines(rawHeaders, name)
  const [value] = lines
  if (lines.length > 1) return refuse('malformed', lines.join(', '), `The header ${name} came ${lines.length} times; it must come once.`)
  if (!value) return refuse('missing', null, missing)
  return { ok: true, value }
}

// Matches what may not stand in a name: C0 and C1 control characters.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/

/** A text fit to name an event or a delivery: 1 to 200 characters, no control characters, whole Unicode; else null. */
export function asName(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 1000) return null
  const name = value.trim()
  return name.length > 0 && name.length <= 200 && !CONTROL.test(name) && name.isWellFormed() ? name : null
}

/** A field of a JSON object, own properties only; undefined for anything that is no object. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}
