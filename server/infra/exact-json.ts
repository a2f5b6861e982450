/**
 * JSON that keeps every number as it was written. JSON.parse turns 12345678901234567890 into ...68000; here such a number
 * stays its own text, which JSON.stringify writes out again.
 */
interface RawJson { rawJSON(text: string): unknown }
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

const { rawJSON } = JSON as unknown as RawJson
/** Only texts that could hold such a number (fifteen digits or more, or an exponent of two) pay for looking at each one; times do not count. */
const MAY_LOSE = /(?:^|[\s,:[])(?:-?\d[\d.]{14}|-?[\d.]+[eE][+-]?\d{2})[\d.eE+-]*(?=$|[\s,\]}])/

const keepExact: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && losesDigits(value, source) ? rawJSON(source) : value

/** True when the double nearest to `source` is written with other digits. */
function losesDigits(value: number, source: string): boolean {
  return !Number.isFinite(value) || significant(String(value)) !== significant(source)
}

const significant = (number: string) => number.replace(/[eE].*$/, '').replace(/[-.]/g, '').replace(/^0+|0+$/g, '')

/** Parses JSON; throws SyntaxError. Numbers a double cannot hold become values that JSON.stringify writes unchanged. */
export function parseExactJson(text: string): unknown {
  return MAY_LOSE.test(text) ? JSON.parse(text, keepExact as never) : JSON.parse(text)
}

/** JSON text from the database as a value that JSON.stringify writes out unchanged; null stays null. */
export const asRawJson = (text: string | null): unknown => (text === null ? null : withRaw(text))

/** rawJSON takes only primitives at its top, so that anything else is parsed exactly. */
function withRaw(text: string): unknown {
  return /^[[{]/.test(text) ? parseExactJson(text) : rawJSON(text)
}

/** The text of a value that JSON.stringify writes out as it came; undefined for any other. */
export const exactDigits = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value)
    ? (value as { rawJSON: string }).rawJSON
    : undefined
