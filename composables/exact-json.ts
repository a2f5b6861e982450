/**
 * JSON that keeps every number as it was written. A JavaScript number rounds 12345678901234567890 and forgets that
 * 1.0 was not 1; an operator comparing ids with another system must see what was really sent.
 */
const EXACT = Symbol('number as written')
/** A number whose text a JavaScript number would change. */
export interface ExactNumber { readonly [EXACT]: string }

export const isExactNumber = (value: unknown): value is ExactNumber => typeof value === 'object' && value !== null && EXACT in value
/** The digits of an exact number as they were written. */
export const digitsOf = (value: ExactNumber): string => value[EXACT]

/** The source text is a newer part of JSON.parse; a browser without it shows rounded numbers. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return String(value) === context.source ? value : { [EXACT]: context.source }
}

/** Cheap look whether the slow path is needed at all: long digit runs, fractions ending in zero, exponents. */
const NEEDS_EXACT = /\d{16}|\d\.\d*0\b|\.\d{15}|\d[eE][+-]?\d|-0\b/

/** Parses JSON; throws SyntaxError like JSON.parse. */
export function parseExact(text: string): unknown {
  return NEEDS_EXACT.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

/** Pretty JSON text (two spaces) with exact numbers as written. */
export function stringifyExact(value: unknown, indent = ''): string {
  if (isExactNumber(value)) return digitsOf(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map(item => inner + stringifyExact(item, inner)).join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  if (entries.length === 0) return '{}'
  return `{\n${entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${stringifyExact(item, inner)}`).join(',\n')}\n${indent}}`
}

/** JSON text to send: digit for digit when the value holds an exact number, in the browser's own way otherwise. */
export const toJson = (value: unknown): string => (holdsExact(value) ? stringifyExact(value) : JSON.stringify(value))

function holdsExact(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isExactNumber(value) || Object.values(value).some(holdsExact)
}
