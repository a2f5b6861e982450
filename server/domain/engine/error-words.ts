import { NUMBER, openForm, type Form } from '#server/domain/engine/open-form.ts'

/**
 * What changes from one occurrence of an error to the next (ids, numbers, quoted text, addresses, paths, durations)
 * becomes a mark; words stay. Every character is looked at a bounded number of times, whatever the text.
 */
const LINE_MAX = 500
/** A quotation longer than this is taken for a stray quotation mark. */
const QUOTED_MAX = 256
/** Nothing longer is a word, a name or an id: encoded data. */
const WORD_MAX = 200
const QUOTED = '"…"'
const [UUID, URL_MARK, EMAIL, ADDRESS, PATH, DURATION, SIZE, BLOB] = ['<uuid>', '<url>', '<email>', '<address>', '<path>', '<duration>', '<size>', '<data>'] as const

const words = (list: string) => new Set(list.split(' '))
const DURATION_UNITS = words('ns us µs ms s m h d sec secs second seconds min mins minute minutes hour hours day days millisecond milliseconds')
const SIZE_UNITS = words('b kb mb gb tb kib mib gib tib byte bytes')
/** A number right after one of these says what went wrong: HTTP 503 is not HTTP 404, exit code 137 not 1. */
const TELLING = words('http status statuscode code errno sqlstate signal')

// Single character classes: nothing in them can be read in two ways, so nothing is tried twice.
const TOKEN = /[\p{L}\p{N}_$./\\:@+%~-]+/uy
const SEGMENT = /[\p{L}\p{N}$]+|[^\p{L}\p{N}$]+/gu
const NOT_SPACE = /[^\s"'<>()]+/y
/** P2002, TS2345, 503. */
const CODE = /^([A-Z]{1,3})?[0-9]{1,5}$/
const HAS_DIGIT = /[0-9]/
const UUID_HERE = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const WORD = /[\p{L}\p{N}_]/u

/** One line of an error text in its general form, at most about 500 characters. */
export function generalLine(line: string): string {
  const form = openForm()
  for (let at = 0; at < line.length && form.length() < LINE_MAX;) {
    const quotedTo = quotationEnd(line, at)
    const token = quotedTo > at ? '' : tokenAt(line, at)
    if (quotedTo > at) form.mark(QUOTED)
    else if (token) addToken(form, token)
    else form.literal(line[at]! <= ' ' ? ' ' : line[at]!)
    at = quotedTo > at ? quotedTo : at + (token.length || 1)
  }
  return form.text()
}

function tokenAt(line: string, at: number): string {
  TOKEN.lastIndex = at
  const token = TOKEN.exec(line)?.[0] ?? ''
  if (!token.includes('://')) return token
  NOT_SPACE.lastIndex = at
  return NOT_SPACE.exec(line)?.[0] ?? token
}

/** Where a quotation that begins here ends; `at` when none does. An apostrophe within a word neither opens nor closes one. */
function quotationEnd(line: string, at: number): number {
  const mark = line[at]!
  if ((mark !== '"' && mark !== '\'') || (at > 0 && WORD.test(line[at - 1]!))) return at
  const last = Math.min(line.length, at + QUOTED_MAX)
  for (let end = at + 1; end < last; end++) {
    if (line[end] === '\\') end++
    else if (line[end] === mark && !(mark === '\'' && WORD.test(line[end + 1] ?? ' '))) return end + 1
  }
  return at
}

function addToken(form: Form, token: string): void {
  // Punctuation at the end of a sentence belongs to the sentence.
  let end = token.length
  while (end > 0 && '.:-'.includes(token[end - 1]!)) end--
  if (end > 0) addWord(form, token.slice(0, end))
  if (end < token.length) form.literal(token.slice(end, end + 3))
}

function addWord(form: Form, word: string): void {
  const unit = form.endsWithNumber() ? unitMark(word) : null
  if (unit) return form.unit(unit)
  if (isPlain(word) || (TELLING.has(form.lastWord()) && CODE.test(word))) return form.literal(word)
  const mark = WHOLE.find(([, is]) => is(word))?.[0]
  if (mark) return form.mark(mark)
  for (const { text, isMark } of segmentsOf(word)) {
    if (isMark) form.mark(text)
    else form.literal(text)
  }
}

const isPlain = (word: string) => word.length <= WORD_MAX && !HAS_DIGIT.test(word) && !/[/\\@:]/.test(word)

function unitMark(unit: string): string | null {
  const lower = unit.toLowerCase()
  if (DURATION_UNITS.has(lower)) return DURATION
  return SIZE_UNITS.has(lower) ? SIZE : null
}
/** The unit of "1.5s" or "300MiB", empty without one. */
const unitOf = (word: string) => /^[-+]?[0-9][0-9.]*(\p{L}+)$/u.exec(word)?.[1] ?? ''
const isIPv6 = (word: string) => /^[0-9a-f:.%]+$/i.test(word) && HAS_DIGIT.test(word) && (word.includes('::') || word.split(':').length > 4)

/** The mark for a word that is one thing as a whole: the first that fits. */
const WHOLE: [mark: string, is: (word: string) => boolean][] = [
  [URL_MARK, word => word.includes('://')],
  [BLOB, word => word.length > WORD_MAX],
  [EMAIL, word => /^[^@]+@[^@]+\.[^@.]+$/.test(word)],
  [ADDRESS, word => /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d+)?$/.test(word) || isIPv6(word)],
  [NUMBER, word => /^[-+]?[0-9][-0-9.:/+_%eETZ]*$/.test(word)],
  [PATH, word => /^(\.{0,2}|~|[A-Za-z]:)[/\\]./.test(word) || word.split(/[/\\]/, 3).length > 2],
  [DURATION, word => unitMark(unitOf(word)) === DURATION],
  [SIZE, word => unitMark(unitOf(word)) === SIZE],
  // Ids of letters in both cases and digits, joined by anything: V1StGXR8_Z5jdHi6B-myT.
  [NUMBER, word => word.length >= 16 && !/[./\\:]/.test(word) && digitRuns(word) > 1 && /[A-Z]/.test(word) && /[a-z]/.test(word)],
]

interface Segment { text: string, isMark: boolean }
function segmentsOf(token: string): Segment[] {
  return token.split(UUID_HERE).flatMap((part, index) => [
    ...(index > 0 ? [{ text: UUID, isMark: true }] : []),
    ...(part.match(SEGMENT) ?? []).flatMap(generalSegment),
  ])
}

const digitRuns = (text: string) => text.match(/[0-9]+/g)?.length ?? 0
const literal = (text: string): Segment => ({ text, isMark: false })
const number: Segment = { text: NUMBER, isMark: true }

/** `user42` is `user<n>`; what looks drawn at random (hex, digits between letters) is a mark as a whole; `k8s` stays. */
function generalSegment(text: string): Segment[] {
  if (!HAS_DIGIT.test(text)) return [literal(text)]
  if (/^[0-9]/.test(text) || (text.length >= 8 && /^[0-9a-f]+$/i.test(text)) || digitRuns(text) > 1) return [number]
  const name = /^[^0-9]+(?=[0-9]+$)/.exec(text)?.[0]
  if (name !== undefined) return [literal(name), number]
  return [text.length > 5 ? number : literal(text)]
}
