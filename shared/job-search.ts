/**
 * The search language for jobs, read alike by browser and server: `queue:mail -state:completed payload.user.id:42 "timed out"`.
 * Terms are joined by "and", the values of a term (commas) by "or", "-" means "not".
 */
import { FIELD_NAMES, isFieldName, SEARCH_FIELDS, SEARCH_LIMITS } from './search-fields.ts'
import { shorten, whyNot } from './search-checks.ts'
import { printTerm, readBareValue, type PathStep, type SearchProblem, type SearchTerm, type SearchValue } from './search-terms.ts'

export interface JobSearch { terms: SearchTerm[], problems: SearchProblem[] }

/** A qualifier up to its colon: letters first, quotation marks around steps of a path that need them. */
const KEY = /[^\s:"-](?:[^\s:"]|"(?:[^"\\]|\\[^])*")*:/uy
const QUOTED = /"((?:[^"\\]|\\[^])*)"/uy
const BARE_WORD = /\S+/uy
const BARE_VALUE = /[^\s,]*/uy
const STEP = /\[\]|\.(?:"((?:[^"\\]|\\[^])*)"|([^."[\]]+))/uy
const SPACE = /\s*/uy
const REST = /\S*/uy
const UNSTORABLE = /[\0\p{Cs}]/u

class Problem extends Error {
  readonly at: number
  readonly end: number
  constructor(at: number, end: number, message: string) {
    super(message)
    this.at = at
    this.end = end
  }
}
const fail = (at: number, end: number, message: string): never => { throw new Problem(at, end, message) }
const unquote = (inner: string) => inner.replace(/\\(["\\])/g, '$1')

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Reads a search. Never throws: what makes no sense is in `problems`, with its place; the terms that do are in `terms`. */
export function parseJobSearch(text: string): JobSearch {
  const search: JobSearch = { terms: [], problems: [] }
  if (text.length > SEARCH_LIMITS.length) {
    search.problems.push({ at: SEARCH_LIMITS.length, end: text.length, message: `A search may have at most ${SEARCH_LIMITS.length} characters; this one has ${text.length}.` })
    return search
  }
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    try {
      if (search.terms.length === SEARCH_LIMITS.terms) fail(at, text.length, `A search may have at most ${SEARCH_LIMITS.terms} terms.`)
      const term = readTerm(text, at)
      search.terms.push(term)
      at = term.end
    }
    catch (problem) {
      if (!(problem instanceof Problem)) throw problem
      search.problems.push({ at: problem.at, end: problem.end, message: problem.message })
      at = problem.end + match(REST, text, problem.end)![0].length
    }
  }
  return search
}

/** The text of terms, in their order. Reading it again gives the same terms. */
export const printJobSearch = (terms: SearchTerm[]): string => terms.map(printTerm).join(' ')

const skipSpace = (text: string, at: number) => at + match(SPACE, text, at)![0].length

function readTerm(text: string, at: number): SearchTerm {
  const negated = text[at] === '-' && /\S/.test(text[at + 1] ?? '')
  const start = negated ? at + 1 : at
  const key = match(KEY, text, start)?.[0]
  const term = key === undefined ? readWord(text, start) : readQualifier(text, start, key)
  const found = { ...term, negated, at }
  const unstorable = UNSTORABLE.exec(text.slice(at, term.end))
  if (unstorable) fail(at + unstorable.index, at + unstorable.index + 1, 'This character cannot be stored, so no job holds it (U+0000 or half a surrogate pair).')
  for (const value of found.values) {
    const reason = whyNot(found, value)
    if (reason !== null) fail(found.valueAt, found.end, reason)
  }
  return found
}

function readWord(text: string, at: number): SearchTerm {
  const { value, end } = text[at] === '"' ? readQuoted(text, at) : bareWord(text, at)
  return { negated: false, field: 'word', path: [], values: [value], at, valueAt: at, end }
}

function bareWord(text: string, at: number): { value: SearchValue, end: number } {
  const word = match(BARE_WORD, text, at)![0]
  return { value: { kind: 'is', text: word, quoted: false }, end: at + word.length }
}

function readQuoted(text: string, at: number): { value: SearchValue, end: number } {
  const found = match(QUOTED, text, at)
  if (!found) fail(at, text.length, 'The quotation mark is not closed.')
  return { value: { kind: 'is', text: unquote(found![1]!), quoted: true }, end: at + found![0].length }
}

function readQualifier(text: string, at: number, key: string): SearchTerm {
  const name = /^[^.["]*/u.exec(key.slice(0, -1))![0].toLowerCase()
  const valueAt = at + key.length
  if (!isFieldName(name)) return fail(at, valueAt, `There is no "${shorten(key)}" to search by; there are ${FIELD_NAMES.join(', ')}. To look for this text, put it in quotation marks.`)
  const { kind, example } = SEARCH_FIELDS[name]
  const path = readPath(key.slice(0, -1), name.length, at)
  if (path.length > 0 && kind !== 'json' && kind !== 'tag') fail(at, valueAt, `${name} has no fields: write ${example}.`)
  if (kind === 'tag' && path.includes(null)) fail(at, valueAt, 'Tags are no lists: write tag.env:prod.')
  const { values, end } = readValues(text, valueAt, (from) => {
    const bare = match(BARE_VALUE, text, from)![0]
    if (bare === '') fail(at, from, `Write what ${shorten(key)} should be, for example ${example}.`)
    return { value: readBareValue(bare, kind, path.length > 0), end: from + bare.length }
  })
  return { negated: false, field: name, path, values, at, valueAt, end }
}

function readValues(text: string, valueAt: number, readBare: (from: number) => { value: SearchValue, end: number }): { values: SearchValue[], end: number } {
  const values: SearchValue[] = []
  let end = valueAt - 1
  do {
    const from = end + 1
    if (values.length === SEARCH_LIMITS.values) fail(from, from + 1, `A term may have at most ${SEARCH_LIMITS.values} values.`)
    const read = text[from] === '"' ? readQuoted(text, from) : readBare(from)
    values.push(read.value)
    end = read.end
  } while (text[end] === ',')
  if (end < text.length && !/\s/u.test(text[end]!)) fail(end, end + 1, 'After a closing quotation mark comes a space or a comma.')
  return { values, end }
}

function readPath(key: string, from: number, offset: number): PathStep[] {
  const path: PathStep[] = []
  for (let at = from; at < key.length;) {
    const step = match(STEP, key, at)
    if (!step) return fail(offset, offset + key.length + 1, 'A path is keys with dots between them and "[]" behind a list: payload.items[].sku; a key with other characters goes in quotation marks: payload."a.b".')
    if (path.length === SEARCH_LIMITS.depth) fail(offset, offset + key.length + 1, `A path may have at most ${SEARCH_LIMITS.depth} steps.`)
    path.push(step[0] === '[]' ? null : step[1] === undefined ? step[2]! : unquote(step[1]))
    at += step[0].length
  }
  return path
}
