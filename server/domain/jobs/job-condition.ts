/** From what is searched for to SQL over `jobs j`: every value is a bound parameter, nothing of a search is ever part of the text. */
import { AppError } from '#server/domain/app-error.ts'
import { binder, type Binder } from '#server/domain/jobs/binder.ts'
import { idBounds, isWholeId } from '#server/domain/jobs/id-bounds.ts'
import { toNeedles } from '#server/domain/jobs/json-needle.ts'
import { failedSoSql, toTermSql } from '#server/domain/jobs/term-sql.ts'
import { atMoment } from '#server/domain/jobs/value-sql.ts'
import type { JobState } from '#shared/job-states.ts'
import { parseJobSearch } from '#shared/job-search.ts'
import { printKey, type SearchTerm } from '#shared/search-terms.ts'
import { SEARCH_FIELDS } from '#shared/search-fields.ts'

/** What jobs are looked for; all of it must fit. */
export interface JobSearchFilter {
  /** In the search language (shared/job-search.ts). */
  q?: string
  states?: readonly JobState[]
  queueName?: string
  jobType?: string
  /** Id of an error group: jobs with a run that failed so; of a failed job, its last run. */
  errorGroup?: string
  /** Made at or after, made before. */
  from?: Date
  to?: Date
}

export interface JobCondition {
  /** True exactly for the jobs that fit; for `from jobs j where j.organization_id = $1 and (<sql>)`. */
  sql: string
  /** A part of it (same parameters) that an index answers: bounds of the id, failed jobs. */
  indexed: string
  /** The parameters of both, from `$2` on (or from `firstParameter`). */
  values: unknown[]
  /** What no index answers, in words of the language; each job in question is looked at for it. */
  scans: string[]
  /** Equalities of JSON that the index of past days answers: one of `any` must be contained in the column. */
  needles: JsonNeedles[]
  /** The one error group whose jobs are looked for. */
  errorGroup: string | null
  /** True exactly for the runs by which those jobs are found, for `from job_attempts a` (same parameters); null without a group. */
  runs: string | null
}
export interface JsonNeedles { column: 'payload' | 'result' | 'tags', any: string[] }

/**
 * The condition of a search. `now` (milliseconds) is what ages count from: hand the same one to every page of a list.
 * Throws VALIDATION_ERROR with the place and a sentence for each thing in `q` that makes no sense.
 */
export function jobCondition(filter: JobSearchFilter, { firstParameter = 2, now = Date.now() }: { firstParameter?: number, now?: number } = {}): JobCondition {
  const terms = readSearch(filter.q ?? '')
  const { bind, values } = binder(firstParameter)
  const indexed = indexedParts({ filter, terms, now }, bind)
  const { errorGroup, others } = takeGroup(filter, terms)
  const group = errorGroup === null ? null : bind(errorGroup)
  const rest = [...(wantsFailed(filter, terms) ? [] : queuePart(filter, bind)), ...filterParts(filter, bind), ...(group === null ? [] : [failedSoSql(group)]), ...others.map(term => `(${toTermSql(term, { bind, now })}) ${term.negated ? 'is not true' : 'is true'}`)]
  return {
    sql: [...indexed, ...rest].join(' and ') || 'true', indexed: indexed.join(' and ') || 'true', values,
    scans: whatScans(terms, filter), needles: terms.flatMap(term => toNeedles(term) ?? []),
    errorGroup, runs: group === null ? null : `a.error_group = ${group}::uuid${indexed.includes(ONLY_FAILED) ? ' and a.dead' : ''}`,
  }
}

const ONLY_FAILED = 'j.failed_at is not null'
const isOneGroup = (term: SearchTerm) => term.field === 'error_group' && !term.negated && term.values.length === 1

/** The error group whose jobs are looked for, by the filter or by a term of its own; and the other terms. */
function takeGroup({ errorGroup }: JobSearchFilter, terms: SearchTerm[]): { errorGroup: string | null, others: SearchTerm[] } {
  const term = errorGroup === undefined ? terms.find(isOneGroup) : undefined
  return { errorGroup: errorGroup ?? (term ? textsOf(term)[0]! : null), others: terms.filter(each => each !== term) }
}

function indexedParts({ filter, terms, now }: { filter: JobSearchFilter, terms: SearchTerm[], now: number }, bind: Binder['bind']): string[] {
  const bounds = idBounds({ terms, from: filter.from?.getTime(), to: filter.to?.getTime(), now })
  return [
    ...bounds.map(({ operator, id }) => `j.id ${operator} ${bind(id)}::uuid`),
    ...(wantsFailed(filter, terms) ? [ONLY_FAILED, ...queuePart(filter, bind)] : []),
  ]
}

/** Failed jobs have indexes of their own: by time, and by queue and time. */
const wantsFailed = (filter: JobSearchFilter, terms: SearchTerm[]): boolean =>
  isOnlyFailed(filter.states) || terms.some(term => term.field === 'state' && !term.negated && isOnlyFailed(textsOf(term)))
const queuePart = ({ queueName }: JobSearchFilter, bind: Binder['bind']): string[] => (queueName === undefined ? [] : [`j.queue_name = ${bind(queueName)}::text`])

function filterParts({ states, jobType, from, to }: JobSearchFilter, bind: Binder['bind']): string[] {
  return [
    states && `j.state = any(${bind([...states])}::text[])`,
    jobType !== undefined && `j.job_type = ${bind(jobType)}::text`,
    from && `j.created_at >= ${atMoment(from.getTime(), bind)}`,
    to && `j.created_at < ${atMoment(to.getTime(), bind)}`,
  ].filter(part => typeof part === 'string')
}

/** The terms of a search. Throws VALIDATION_ERROR. */
export function readSearch(q: string): SearchTerm[] {
  const { terms, problems } = parseJobSearch(q)
  if (problems.length === 0) return terms
  throw new AppError('VALIDATION_ERROR', problems.slice(0, 5).map(({ at, message }) => `q, character ${at + 1}: ${message}`).join(' ').slice(0, 2000), {
    details: problems.slice(0, 50).map(({ at, message }) => ({ field: 'q', message: `character ${at + 1}: ${message}`, code: 'invalid_search' })),
  })
}

const textsOf = (term: SearchTerm) => term.values.map(value => (value.kind === 'is' ? value.text : ''))
const isOnlyFailed = (states?: readonly string[]) => states !== undefined && states.length > 0 && states.every(state => state === 'failed')

/** `id` is in an index, `created` and `age` follow from it, and failed jobs have one of their own. */
function whatScans(terms: SearchTerm[], filter: JobSearchFilter): string[] {
  const { states, queueName, jobType } = filter
  const names = terms.filter(term => term.negated || !isIndexed(term)).map(term => term.field === 'word' ? 'text' : printKey(term))
  const filters = [states && !isOnlyFailed(states) && 'state', queueName !== undefined && !wantsFailed(filter, terms) && 'queue', jobType !== undefined && 'type'].filter(name => name !== false && name !== undefined)
  return [...new Set([...filters, ...names])]
}

function isIndexed(term: SearchTerm): boolean {
  if (term.field === 'word') return term.values.every(value => isWholeId(value))
  if (term.field === 'state') return isOnlyFailed(textsOf(term))
  return SEARCH_FIELDS[term.field].kind === 'id' || term.field === 'created' || term.field === 'age'
}
