import type { JsonNeedles } from '#server/domain/jobs/job-condition.ts'
import type { PathStep, SearchTerm, SearchValue } from '#shared/search-terms.ts'
import { isNumber } from '#shared/search-values.ts'

/** JSON with one value at the end of a path, as text: `['items', null, 'n']` and `7` give `{"items":[{"n":7}]}`. */
const wrap = (path: PathStep[], json: string): string => path.reduceRight<string>((inner, step) => step === null ? `[${inner}]` : `{${JSON.stringify(step)}:${inner}}`, json)

/**
 * What a JSON value must contain one of to have `value` at `path`: as the text it is written as and, unless quoted, as the
 * number, boolean or null it may mean. Numbers keep their digits.
 */
export function needlesOf(path: PathStep[], value: SearchValue & { kind: 'is' }): string[] {
  const isWord = !value.quoted && (isNumber(value.text) || ['true', 'false', 'null'].includes(value.text))
  return [JSON.stringify(value.text), ...(isWord ? [value.text] : [])].map(json => wrap(path, json))
}

/** The needles of a whole term when each of its values is an equality of JSON; null for every other term. */
export function toNeedles(term: SearchTerm): JsonNeedles | null {
  if (term.negated || term.path.length === 0 || (term.field !== 'payload' && term.field !== 'result' && term.field !== 'tag')) return null
  const equal = term.values.filter(value => value.kind === 'is')
  return equal.length < term.values.length ? null : { column: term.field === 'tag' ? 'tags' : term.field, any: equal.flatMap(value => needlesOf(term.path, value)) }
}
