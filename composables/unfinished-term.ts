import { JOB_STATES } from '#shared/job-states.ts'
import { placeAt, type WritingPlace } from '#shared/search-cursor.ts'
import { FIELD_NAMES, SEARCH_FIELDS } from '#shared/search-fields.ts'

/** What is still being written: no mistake yet, and no search yet. */
export interface UnfinishedTerm {
  /** What is being written, as offsets. */
  at: number
  end: number
  /** How it goes on, in a sentence. */
  hint: string
}

const BEGUN_VALUE = /^(?:[<>]=?|\.\.)?$/u
const BEGUN_PATH = /^(?:payload|result|tags?)[.[]/iu

/** The unfinished term at the place of writing; null when what stands there can be judged. */
export function unfinishedAt(text: string, cursor: number): UnfinishedTerm | null {
  const place = placeAt(text, cursor)
  // In the middle of something that was written before.
  if (cursor < text.length && /\S/u.test(text[cursor]!) && text[cursor] !== ',') return null
  const hint = hintOf(place)
  return hint === null ? null : { at: place.from, end: cursor, hint }
}

function hintOf(place: WritingPlace): string | null {
  if (isOpenQuotation(place.written)) return 'A closing quotation mark ends the text.'
  return place.key === null ? hintOfWord(place.written) : hintOfValue(place)
}

/** A word that is becoming a name; as a word it is looked for when it is meant so. */
function hintOfWord(written: string): string | null {
  const isName = written.length > 1 && FIELD_NAMES.some(name => name.startsWith(written.toLowerCase()))
  return isName || BEGUN_PATH.test(written) ? `A name goes on with ":" and a value. Enter looks for the text "${written}".` : null
}

function hintOfValue({ field, written }: WritingPlace): string | null {
  if (field === null) return null
  const isBegun = field === 'state' ? JOB_STATES.some(state => state !== written && state.startsWith(written)) : BEGUN_VALUE.test(written)
  return isBegun ? `For example ${SEARCH_FIELDS[field].example} – ${SEARCH_FIELDS[field].about}.` : null
}

const isOpenQuotation = (written: string) => (written.replace(/\\["\\]/gu, '').match(/"/gu)?.length ?? 0) % 2 === 1
