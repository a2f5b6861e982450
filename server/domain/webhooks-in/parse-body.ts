import { parseExactJson } from '#server/infra/exact-json.ts'

/** Deeper JSON is kept as bytes only: whatever walks it later may be recursive. */
export const MAX_STORED_DEPTH = 200
/** Past this it is not even parsed: millions of nested brackets cost far more memory than their bytes. */
const MAX_PARSED_DEPTH = 10_000

export interface ParsedBody {
  /** The body as JSON fit for PostgreSQL's jsonb; undefined when there is none, and then `reason` says why. */
  json: unknown
  /** The body as JSON even where `json` is withheld, for reading single fields. Never store or walk it. */
  value: unknown
  /** A sentence for the operator. */
  reason?: string
}

/**
 * Reads a webhook body as JSON: any content type with a JSON body, and form bodies with one field `payload`
 * (GitHub's second content type). Never throws. The bytes stay the record; this is a view of them.
 *
 * @param options.contentType the Content-Type header, null when there is none.
 */
export function parseBody(options: { body: Buffer; contentType: string | null }): ParsedBody {
  const decoded = decodeText(options.body)
  if (decoded === null) return unreadable('The body is not UTF-8 text.')
  const text = payloadOfForm(decoded, options.contentType) ?? decoded
  if (text.trim() === '') return unreadable('The body is empty.')
  const depth = jsonDepth(text)
  if (depth > MAX_PARSED_DEPTH) return unreadable(`The body is JSON nested more than ${MAX_PARSED_DEPTH} levels deep.`)
  const value = parseJson(text)
  if (value === undefined) return unreadable('The body is not JSON.')
  if (depth > MAX_STORED_DEPTH) return { json: undefined, value, reason: `The body is JSON nested ${depth} levels deep; ${MAX_STORED_DEPTH} are shown.` }
  // A raw NUL or half a surrogate pair cannot occur in valid UTF-8 JSON: only an escape can bring one in.
  if (text.includes('\\u') && holdsUnstorableText(value)) {
    return { json: undefined, value, reason: 'The body has text that PostgreSQL cannot hold as JSON (\\u0000 or half a surrogate pair).' }
  }
  return { json: value, value }
}

function unreadable(reason: string): ParsedBody {
  return { json: undefined, value: undefined, reason }
}

function decodeText(body: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return null
  }
}

function payloadOfForm(text: string, contentType: string | null): string | null {
  const isForm = contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded'
  // curl calls every `-d` body a form; one that begins like JSON is meant as JSON.
  if (!isForm || /^\s*[[{]/.test(text)) return null
  return new URLSearchParams(text).get('payload')
}

/** JSON has no undefined, so undefined can say "not JSON". */
function parseJson(text: string): unknown {
  try {
    return parseExactJson(text)
  } catch {
    return undefined
  }
}

/** The deepest nesting of brackets outside strings, in one pass without recursion; the text need not be valid JSON. */
function jsonDepth(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (char === '\\' && inString) index++
    else if (char === '"') inString = !inString
    else if (inString) continue
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char === ']' || char === '}') depth--
  }
  return deepest
}

function holdsUnstorableText(value: unknown): boolean {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next === 'string' && (next.includes('\0') || !next.isWellFormed())) return true
    if (typeof next !== 'object' || next === null) continue
    if (!Array.isArray(next)) for (const key of Object.keys(next)) open.push(key)
    for (const child of Object.values(next)) open.push(child)
  }
  return false
}
