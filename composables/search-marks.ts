import { parseJobSearch } from '#shared/job-search.ts'
import type { SearchProblem } from '#shared/search-terms.ts'

export interface Mark { text: string, kind: 'plain' | 'key' | 'value' | 'wrong' }

/** Cuts a search into stretches to be marked; together they are the whole text. */
export function marksOf(text: string): { marks: Mark[], problems: SearchProblem[] } {
  const { terms, problems } = parseJobSearch(text)
  const kinds: Mark['kind'][] = Array.from({ length: text.length }, () => 'plain')
  for (const { field, at, valueAt, end } of terms) {
    if (field !== 'word') kinds.fill('key', at, valueAt).fill('value', valueAt, end)
  }
  for (const { at, end } of problems) kinds.fill('wrong', at, Math.max(end, at + 1))
  const marks: Mark[] = []
  for (let at = 0; at < text.length; at++) {
    const last = marks.at(-1)
    if (last && last.kind === kinds[at]) last.text += text[at]
    else marks.push({ text: text[at]!, kind: kinds[at]! })
  }
  return { marks, problems }
}
