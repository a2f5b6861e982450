import type { SearchTerm, SearchValue } from '#shared/search-terms.ts'
import { parseDuration, parseMoment, type Span } from '#shared/search-values.ts'

/** All ids that begin with these digits (dashes do not count). */
export function idRange(beginning: string): [string, string] {
  const digits = beginning.replaceAll('-', '').toLowerCase()
  const dashed = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return [dashed(digits.slice(0, 32).padEnd(32, '0')), dashed(digits.slice(0, 32).padEnd(32, 'f'))]
}

/** A free word that can only be meant as an id: eight hexadecimal digits or more. */
export const isWholeId = (value: SearchTerm['values'][number]): boolean => value.kind === 'is' && !value.quoted && /^[0-9a-f]{8}[0-9a-f-]{0,28}$/i.test(value.text)

/** The moments a value of a time means: a comparison counts from the end, or the beginning, of the day or minute it names. */
export function spanOf(value: SearchValue, now: number): Partial<Span> {
  const read = (text: string) => parseMoment(text, now) ?? undefined
  switch (value.kind) {
    case 'compare': {
      const { from, to } = read(value.text)!
      return { '<': { to: from }, '<=': { to }, '>': { from: to }, '>=': { from } }[value.operator]
    }
    case 'range': return { from: read(value.from)?.from, to: read(value.to)?.to }
    case 'is': return read(value.text)!
    default: return {}
  }
}

/** How far the clock that made an id may be from the one that wrote `created_at`. */
const SLACK_MS = 60_000

/** Bounds of the id that follow from an id, a time or an age that is searched for. */
export function idBounds({ terms, from, to, now }: { terms: SearchTerm[], from?: number, to?: number, now: number }): { operator: '>=' | '<=', id: string }[] {
  const spans: Partial<Span>[] = [{ from, to }, ...terms.filter(term => !term.negated && (term.field === 'created' || term.field === 'age')).map(term => union(term.values.map(value => term.field === 'age' ? ageSpan(value, now) : spanOf(value, now))))]
  const ofTimes = spans.flatMap(span => [
    ...(span.from === undefined ? [] : [{ operator: '>=' as const, id: firstId(span.from - SLACK_MS) }]), ...(span.to === undefined ? [] : [{ operator: '<=' as const, id: firstId(span.to + SLACK_MS) }]),
  ])
  const ofIds = terms.filter(term => !term.negated && (term.field === 'id' || (term.field === 'word' && isWholeId(term.values[0]!)))).flatMap((term) => {
    const ranges = term.values.map(value => idRange((value as SearchValue & { kind: 'is' }).text))
    return [{ operator: '>=' as const, id: ranges.map(([low]) => low).sort()[0]! }, { operator: '<=' as const, id: ranges.map(([, high]) => high).sort().at(-1)! }]
  })
  return [...ofTimes, ...ofIds]
}

/** What one of several spans covers from end to end. */
function union(spans: Partial<Span>[]): Partial<Span> {
  const froms = spans.map(span => span.from).filter(from => from !== undefined)
  const tos = spans.map(span => span.to).filter(to => to !== undefined)
  return { from: froms.length === spans.length ? Math.min(...froms) : undefined, to: tos.length === spans.length ? Math.max(...tos) : undefined }
}

function ageSpan(value: SearchValue, now: number): Partial<Span> {
  const ago = (text: string) => (text === '' ? undefined : now - parseDuration(text)!)
  if (value.kind === 'range') return { from: ago(value.to), to: ago(value.from) }
  if (value.kind !== 'compare') return {}
  return value.operator.startsWith('<') ? { from: ago(value.text) } : { to: ago(value.text) }
}

/** The lowest UUIDv7 of a moment. */
const firstId = (moment: number) => idRange(Math.min(Math.max(moment, 0), 2 ** 48 - 1).toString(16).padStart(12, '0'))[0]
