import type { FieldKind, FieldName } from './search-fields.ts'

export type Operator = '<' | '<=' | '>' | '>='
/** One of the values of a term; a quoted one means exactly its text. */
export type SearchValue =
  | { kind: 'is', text: string, quoted: boolean }
  | { kind: 'begins', text: string }
  | { kind: 'any' }
  | { kind: 'compare', operator: Operator, text: string }
  | { kind: 'range', from: string, to: string }

/** A step of a path: a key, or null for "in the list". */
export type PathStep = string | null
/**
 * One condition: a qualifier with values of which one must fit, or a free word (`field` is `word`). `at`, `valueAt` and
 * `end` are offsets in the text it was written in.
 */
export interface SearchTerm { negated: boolean, field: FieldName | 'word', path: PathStep[], values: SearchValue[], at: number, valueAt: number, end: number }
/** What is wrong from `at` to `end`, in a sentence for the person who wrote it. */
export interface SearchProblem { at: number, end: number, message: string }

const COMPARED = /^(<=|>=|<|>)(.+)$/su
const RANGE = /^(.*?)\.\.(.*)$/su
const COMPARED_KINDS: readonly FieldKind[] = ['number', 'time', 'duration', 'json']
const BEGUN_KINDS: readonly FieldKind[] = ['text', 'json', 'tag']

/** What an unquoted value means in a field of this kind. `hasPath` tells a field of a JSON value from all of its text. */
export function readBareValue(text: string, kind: FieldKind, hasPath: boolean): SearchValue {
  if (text === '*') return { kind: 'any' }
  const isWhole = kind === 'json' && !hasPath
  const compared = COMPARED_KINDS.includes(kind) && !isWhole ? readComparison(text) : null
  if (compared) return compared
  const isBegun = text.endsWith('*') && BEGUN_KINDS.includes(kind) && (kind === 'text' || hasPath)
  return isBegun ? { kind: 'begins', text: text.slice(0, -1) } : { kind: 'is', text, quoted: false }
}

function readComparison(text: string): SearchValue | null {
  const [, operator, operand] = COMPARED.exec(text) ?? []
  if (operator !== undefined) return { kind: 'compare', operator: operator as Operator, text: operand! }
  const [, from, to] = RANGE.exec(text) ?? []
  return from === undefined || text === '..' ? null : { kind: 'range', from, to: to! }
}

const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
/** A value as it must be written to mean this text; `always` puts it in quotation marks even when it need not be. */
export const quoteValue = (text: string, always = false): string => (!always && /^[\p{L}\p{N}_/@+=#-][\p{L}\p{N}_/@+=#.:-]*$/u.test(text) && !text.includes('..') ? text : quote(text))

const printStep = (step: PathStep) => (step === null ? '[]' : `.${/^[^\s."[\]:,\\]+$/u.test(step) ? step : quote(step)}`)

/** A value as it is written in a search. */
export function printValue(value: SearchValue): string {
  switch (value.kind) {
    case 'any': return '*'
    case 'begins': return `${value.text}*`
    case 'compare': return `${value.operator}${value.text}`
    case 'range': return `${value.from}..${value.to}`
    case 'is': return value.quoted ? quote(value.text) : value.text
  }
}

/** A qualifier without its values: `payload.user.id`. */
export const printKey = ({ field, path }: Pick<SearchTerm, 'field' | 'path'>): string => `${field}${path.map(printStep).join('')}`

/** The text of a term; reading it again gives the same term. */
export function printTerm(term: SearchTerm): string {
  const values = term.values.map(printValue).join(',')
  return `${term.negated ? '-' : ''}${term.field === 'word' ? '' : `${printKey(term)}:`}${values}`
}
