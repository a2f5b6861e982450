import { isFieldName, type FieldName } from './search-fields.ts'

/** What is being written at a place of a search: a key (`pay`, `payload.us`) or one value of one. */
export interface WritingPlace {
  /** What a completion takes the place of, as offsets. */
  from: number
  to: number
  /** What stands there up to the place. */
  written: string
  /** The qualifier whose value is being written, as it stands there without its colon; null for a key or a free word. */
  key: string | null
  field: FieldName | null
}

/** Finds what is being written at `cursor`. */
export function placeAt(text: string, cursor: number): WritingPlace {
  const start = termStart(text, cursor)
  const end = cursor + /^[^\s,]*/u.exec(text.slice(cursor))![0].length
  const written = text.slice(start, cursor)
  const colon = colonOf(written)
  if (colon < 0) return { from: start, to: keyEnd(text, cursor), written, key: null, field: null }
  const key = written.slice(0, colon)
  const name = /^[^.["]*/u.exec(key)![0].toLowerCase()
  const values = written.slice(colon + 1)
  const from = start + colon + 1 + lastComma(values)
  return { from, to: end, written: text.slice(from, cursor), key, field: isFieldName(name) ? name : null }
}

/** Where the term around `cursor` begins, behind its minus; blanks between quotation marks do not end one. */
function termStart(text: string, cursor: number): number {
  let start = 0
  let isQuoted = false
  for (let at = 0; at < cursor; at++) {
    if (text[at] === '"' && text[at - 1] !== '\\') isQuoted = !isQuoted
    else if (!isQuoted && /\s/u.test(text[at]!)) start = at + 1
  }
  return text[start] === '-' && start < cursor ? start + 1 : start
}

function unquotedIndexes(text: string, wanted: string): number[] {
  const found: number[] = []
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"' && text[at - 1] !== '\\') isQuoted = !isQuoted
    else if (!isQuoted && text[at] === wanted) found.push(at)
  }
  return found
}
const colonOf = (text: string) => unquotedIndexes(text, ':')[0] ?? -1
const lastComma = (text: string) => (unquotedIndexes(text, ',').at(-1) ?? -1) + 1

/** A key is replaced with its colon, so that none stands there twice. */
function keyEnd(text: string, cursor: number): number {
  return cursor + /^[^\s:,"]*:?/u.exec(text.slice(cursor))![0].length
}
