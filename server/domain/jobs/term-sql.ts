import type { Binder } from '#server/domain/jobs/binder.ts'
import { idRange, isWholeId, spanOf } from '#server/domain/jobs/id-bounds.ts'
import { needlesOf } from '#server/domain/jobs/json-needle.ts'
import { durationSql, numberSql, textSql, timeSql } from '#server/domain/jobs/value-sql.ts'
import { SEARCH_FIELDS, type FieldKind, type FieldName } from '#shared/search-fields.ts'
import type { SearchTerm, SearchValue } from '#shared/search-terms.ts'

interface Context { bind: Binder['bind'], now: number }
type Equal = SearchValue & { kind: 'is' }

const COLUMNS: Record<Exclude<FieldName, 'id' | 'tag' | 'age' | 'duration' | 'error_group'>, string> = {
  state: 'j.state', queue: 'j.queue_name', type: 'j.job_type', error: 'j.last_error', payload: 'j.payload', result: 'j.result',
  created: 'j.created_at', started: 'j.started_at', finished: 'j.completed_at', due: 'j.due_at', priority: 'j.priority', runs: 'j.run',
  failures: 'j.failures', crashes: 'j.crashes', worker: 'j.worker_id', key: 'j.idempotency_key', ordering: 'j.ordering_key', concurrency: 'j.concurrency_key',
}
const columnOf = (term: SearchTerm) => COLUMNS[term.field as keyof typeof COLUMNS]

/** The SQL of one term, without its negation; null where the job has no such value. */
export function toTermSql(term: SearchTerm, context: Context): string {
  if (term.field === 'word') return wordSql(term.values[0] as Equal, context)
  const { kind } = SEARCH_FIELDS[term.field]
  if (term.values.every(value => value.kind === 'is') && (kind === 'text' || kind === 'state')) return `${columnOf(term)} = any(${context.bind(term.values.map(value => value.text))}::text[])`
  return term.values.map(value => BY_KIND[kind](term, value, context)).join(' or ')
}

/** Upper and lower case are one as the database's locale has it: under locale C for the letters a to z only. */
const contains = (sql: string, text: string, { bind }: Context) => `strpos(lower(${sql}), lower(${bind(text)}::text)) > 0`

function wordSql(value: Equal, context: Context): string {
  const asId = !value.quoted && /^[0-9a-f-]{1,36}$/i.test(value.text) ? idSql(value.text, context) : null
  if (asId !== null && isWholeId(value)) return asId
  const places = ['j.last_error', 'j.tags::text', 'j.queue_name', 'j.job_type'].map(sql => contains(sql, value.text, context))
  return [...(asId === null ? [] : [asId]), ...places].join(' or ')
}

function idSql(beginning: string, { bind }: Context): string {
  const [low, high] = idRange(beginning)
  return `j.id between ${bind(low)}::uuid and ${bind(high)}::uuid`
}

type ToSql = (term: SearchTerm, value: SearchValue, context: Context) => string
const BY_KIND: Record<FieldKind, ToSql> = {
  id: (_term, value, context) => idSql((value as Equal).text, context),
  state: (term, value, { bind }) => `${columnOf(term)} = ${bind((value as Equal).text)}::text`,
  text: (term, value, { bind }) => textSql(columnOf(term), value, bind),
  contains: (term, value, context) => value.kind === 'any' ? `${columnOf(term)} <> ''` : contains(columnOf(term), (value as Equal).text, context),
  number: (term, value, { bind }) => numberSql(`${columnOf(term)}::numeric`, value, bind),
  time: (term, value, { bind, now }) => timeSql(columnOf(term), spanOf(value, now), bind),
  duration: (term, value, context) => durationSql(term, value, context),
  group: (_term, value, { bind }) => failedSoSql(bind((value as Equal).text)),
  worker: (term, value, context) => workerSql(columnOf(term), value, context),
  json: (term, value, context) => jsonSql(columnOf(term), { term, value, context }),
  tag: (term, value, context) => term.path.length > 0 ? jsonSql('j.tags', { term, value, context })
    : value.kind === 'any' ? `j.tags <> '{}'::jsonb` : `jsonb_exists(j.tags, ${context.bind((value as Equal).text)}::text)`,
}

/**
 * Jobs with a run that failed so; of one that ended failed, it is the last run that counts. `group`: the placeholder of the
 * id. The offset keeps the look-up per job: joined, it would read every run of a group for a handful of jobs.
 */
export const failedSoSql = (group: string): string => `exists (
  select from job_attempts a where a.job_id = j.id and a.organization_id = j.organization_id and a.error_group = ${group}::uuid and (j.state <> 'failed' or a.run = j.run) offset 0)`

/** By its id or the beginning of it, or by its name, while the worker is known. */
function workerSql(sql: string, value: SearchValue, { bind }: Context): string {
  if (value.kind !== 'is') return `${sql} is not null`
  const named = `${sql} in (select w.id from workers w where w.name = ${bind(value.text)}::text)`
  if (value.quoted || !/^[0-9a-f-]{1,36}$/i.test(value.text)) return named
  const [low, high] = idRange(value.text)
  return `${sql} between ${bind(low)}::uuid and ${bind(high)}::uuid or ${named}`
}

function jsonSql(sql: string, { term: { path }, value, context }: { term: SearchTerm, value: SearchValue, context: Context }): string {
  const { bind } = context
  if (path.length === 0) return value.kind === 'is' ? contains(`${sql}::text`, value.text, context) : `${sql} not in ('{}', 'null', '[]')`
  // Containment, because that is what the index of past days answers.
  if (value.kind === 'is') return needlesOf(path, value).map(needle => `${sql} @> ${bind(needle)}::jsonb`).join(' or ')
  const at = path.reduce<string>((inner, step) => `${inner} -> ${bind(step)}::text`, sql)
  if (value.kind === 'any') return `${at} is not null`
  if (value.kind === 'begins') return `starts_with((${at}) #>> '{}', ${bind(value.text)}::text)`
  return `case jsonb_typeof(${at}) when 'number' then ${numberSql(`((${at}) #>> '{}')::numeric`, value, bind)} end`
}
