import { JSON_MAX_DEPTH } from '#shared/schemas/primitives.ts'

/** Where the values of a JSON text stand, and what is wrong with it. */
export interface JsonPlaces {
  /** JSON pointer to the offset at which its value begins. */
  offsets: Map<string, number>
  /** The first thing that is not JSON. */
  error?: { offset: number, message: string }
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): { line: number, column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

const MISSING_VALUE = 'a value is missing (text in double quotes, number, true, false, null, list or object)'
const BAD_TEXT = 'a text is not closed, or holds a character that must be escaped'
const escape = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')
const SPACE = /[ \t\n\r]*/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /true|false|null/y

class NotJson extends Error {
  readonly offset: number
  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/** Reads JSON text for its places, as RFC 8259 and JSON.parse have it, to the depth of a stored payload. */
export function readPlaces(text: string): JsonPlaces {
  const offsets = new Map<string, number>()
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }
  const fail = (message: string): never => { throw new NotJson(at, at >= text.length ? `The text ends where ${message}` : `Here ${message}`) }
  const isAt = (mark: string) => {
    take(SPACE)
    if (text[at] !== mark) return false
    at++
    return true
  }

  function value(pointer: string, depth: number): void {
    take(SPACE)
    if (depth > JSON_MAX_DEPTH) fail(`it is nested deeper than ${JSON_MAX_DEPTH} levels`)
    offsets.set(pointer, at)
    if (isAt('{')) return isAt('}') ? undefined : members(pointer, depth)
    if (isAt('[')) return isAt(']') ? undefined : items(pointer, depth)
    if ((take(STRING) ?? take(NUMBER) ?? take(WORD)) === undefined) fail(text[at] === '"' ? BAD_TEXT : MISSING_VALUE)
  }
  function members(pointer: string, depth: number): void {
    do {
      take(SPACE)
      const key = take(STRING) ?? fail('a name in double quotes is missing')
      if (!isAt(':')) fail('a colon is missing after the name')
      value(`${pointer}/${escape(JSON.parse(key) as string)}`, depth + 1)
    } while (isAt(','))
    if (!isAt('}')) fail('a comma or } is missing')
  }
  function items(pointer: string, depth: number): void {
    let index = 0
    do value(`${pointer}/${index++}`, depth + 1)
    while (isAt(','))
    if (!isAt(']')) fail('a comma or ] is missing')
  }
  try {
    value('', 1)
    take(SPACE)
    if (at < text.length) fail('the value is over, but something follows')
  }
  catch (error) {
    if (!(error instanceof NotJson)) throw error
    return { offsets, error: { offset: error.offset, message: `${error.message}.` } }
  }
  return { offsets }
}
