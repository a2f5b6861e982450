import type { Binder } from '#server/domain/jobs/binder.ts'
import type { SearchTerm, SearchValue } from '#shared/search-terms.ts'
import { parseDuration, type Span } from '#shared/search-values.ts'

/** A moment (milliseconds) as a parameter; as a number, since years beyond 9999 have no text that all agree on. */
export const atMoment = (moment: number, bind: Binder['bind']): string => `to_timestamp(${bind(moment / 1000)}::float8)`

/** Equal, or with this beginning; case counts. */
export function textSql(sql: string, value: SearchValue, bind: Binder['bind']): string {
  if (value.kind === 'any') return `${sql} is not null`
  return value.kind === 'begins' ? `starts_with(${sql}, ${bind(value.text)}::text)` : `${sql} = ${bind((value as SearchValue & { kind: 'is' }).text)}::text`
}

/** Numbers as PostgreSQL counts them, digit for digit. */
export function numberSql(sql: string, value: SearchValue, bind: Binder['bind']): string {
  if (value.kind === 'any') return `${sql} is not null`
  if (value.kind === 'compare') return `${sql} ${value.operator} ${bind(value.text)}::numeric`
  if (value.kind !== 'range') return `${sql} = ${bind((value as SearchValue & { kind: 'is' }).text)}::numeric`
  return [value.from && `${sql} >= ${bind(value.from)}::numeric`, value.to && `${sql} <= ${bind(value.to)}::numeric`].filter(Boolean).join(' and ')
}

/** From the first moment up to and without the last; open where there is none. */
export function timeSql(sql: string, { from, to }: Partial<Span>, bind: Binder['bind']): string {
  const parts = [from !== undefined && `${sql} >= ${atMoment(from, bind)}`, to !== undefined && `${sql} < ${atMoment(to, bind)}`].filter(Boolean)
  return parts.join(' and ') || `${sql} is not null`
}

const MIRRORED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

/** Older than an hour is made before the time an hour ago. */
export function durationSql({ field }: SearchTerm, value: SearchValue, { bind, now }: { bind: Binder['bind'], now: number }): string {
  const sql = field === 'age' ? 'j.created_at' : '(extract(epoch from j.completed_at - j.started_at) * 1000)'
  const compare = (operator: '<' | '<=' | '>' | '>=', text: string) => field === 'age'
    ? `${sql} ${MIRRORED[operator]} ${atMoment(now - parseDuration(text)!, bind)}`
    : `${sql} ${operator} ${bind(parseDuration(text)!)}::numeric`
  if (value.kind === 'compare') return compare(value.operator, value.text)
  if (value.kind !== 'range') return `${sql} is not null`
  return [value.from && compare('>=', value.from), value.to && compare('<=', value.to)].filter(Boolean).join(' and ')
}
