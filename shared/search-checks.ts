import { isState, SEARCH_FIELDS, type FieldKind } from './search-fields.ts'
import { JOB_STATES } from './job-states.ts'
import { printKey, type SearchTerm, type SearchValue } from './search-terms.ts'
import { isNumber, parseDuration, parseMoment } from './search-values.ts'

/** True for text that may be an id or its beginning. */
export const looksLikeId = (text: string): boolean => /^[0-9a-f-]{1,36}$/i.test(text)

const TIME_HINT = 'write a time such as 2026-11-20, 2026-11-20T14:02Z, today or yesterday (UTC)'
const OPERANDS: Partial<Record<FieldKind, { fits: (text: string) => boolean, hint: string }>> = {
  number: { fits: isNumber, hint: 'write a number' },
  json: { fits: isNumber, hint: 'only numbers can be compared; put the value in quotes to mean this text' },
  time: { fits: text => parseMoment(text, 0) !== null, hint: TIME_HINT },
  duration: { fits: text => parseDuration(text) !== null, hint: 'write a time span such as 90s, 15m, 1h30m or 2d' },
}

const GROUP_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const NOTHING = 'There is nothing between the quotation marks.'
const EQUAL: Partial<Record<FieldKind, { fits: (text: string) => boolean, sentence: (text: string, field: string, example: string) => string }>> = {
  id: { fits: looksLikeId, sentence: () => 'An id is made of the digits 0-9, a-f and dashes.' },
  group: { fits: text => GROUP_ID.test(text), sentence: text => `"${text}" is no id of an error: copy it from the address of the error's page.` },
  state: { fits: isState, sentence: text => `There is no state "${text}"; states are ${JOB_STATES.join(', ')}.` },
  number: { fits: isNumber, sentence: (text, _field, example) => `"${text}" is no number; for example ${example}.` },
  time: { fits: OPERANDS.time!.fits, sentence: text => `"${text}" is no time: ${TIME_HINT}.` },
  duration: { fits: () => false, sentence: (_text, field, example) => `${field} needs "<", ">" or a range, for example ${example}.` },
}

/** What keeps a value from making sense in its term, as a sentence; null when nothing does. */
export function whyNot(term: SearchTerm, value: SearchValue): string | null {
  if (term.field === 'word') return value.kind === 'is' && value.text.trim() === '' ? NOTHING : null
  const { kind } = SEARCH_FIELDS[term.field]
  switch (value.kind) {
    case 'any': if (kind === 'group') return 'Name one error by its id; to find all failures write error:*.'
      return kind === 'id' || kind === 'state' ? `Every job has one: leave ${term.field}:* out.` : whyNotInList(term, value)
    case 'begins': return whyNotInList(term, value)
    case 'compare':
    case 'range': return whyNotCompared(term, value)
    case 'is': return whyNotEqual(term, value.text)
  }
}

/** Only equality looks into a list (`items[].sku:a`). */
function whyNotInList(term: SearchTerm, value: SearchValue): string | null {
  return term.path.includes(null) && value.kind !== 'is' ? `${printKey(term)} looks into a list, and there only whole values can be searched for: leave the "*", "<", ">" and ".." out.` : null
}

function whyNotCompared(term: SearchTerm, value: SearchValue): string | null {
  const { fits, hint } = OPERANDS[SEARCH_FIELDS[term.field as keyof typeof SEARCH_FIELDS].kind]!
  const operands = value.kind === 'compare' ? [value.text] : value.kind === 'range' ? [value.from, value.to].filter(text => text !== '') : []
  const wrong = operands.find(text => !fits(text))
  return wrong === undefined ? whyNotInList(term, value) : `${term.field} cannot be compared with "${shorten(wrong)}": ${hint}.`
}

function whyNotEqual(term: SearchTerm, text: string): string | null {
  const { kind, example } = SEARCH_FIELDS[term.field as keyof typeof SEARCH_FIELDS]
  const isPart = kind === 'contains' || (kind === 'json' && term.path.length === 0)
  if (isPart) return text === '' ? NOTHING : null
  const rule = EQUAL[kind]
  return rule === undefined || rule.fits(text) ? null : rule.sentence(shorten(text), term.field, example)
}

export const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text)
