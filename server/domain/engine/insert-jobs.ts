import { textArray, uuidArray } from '#server/infra/binary-arrays.ts'
import { pool } from '#server/infra/database.ts'
import { ACCEPT_COLUMNS, acceptStatement, JOBS_OF_KEYS, type AcceptColumn } from '#server/domain/engine/sql/accept.ts'
import { countNew } from '#server/domain/engine/sql/counters.ts'
import { column } from '#server/domain/engine/store.ts'
import type { JobState } from '#shared/job-states.ts'

type Value = string | number | boolean | null
type RestColumn = Exclude<AcceptColumn, 'id' | 'payload'>
/** What rows of one call mostly share, by column; times are RFC 3339 text, JSON columns are serialised. Rows that share one object are known to be alike. */
export type NewRowRest = Record<RestColumn, Value> & {
  state: JobState, job_type: string | null, organization_id: string, queue_name: string, priority: number, idempotency_key: string | null, created_at: string
}
/** A job row to insert. */
export interface NewRow { id: string, payload: string, rest: NewRowRest }

const REST_COLUMNS = ACCEPT_COLUMNS.filter((name): name is RestColumn => name !== 'id' && name !== 'payload')

/** Inserts rows in one statement; answers the ids inserted (a repeated idempotency key leaves its row out). `again`: a first try may have been committed. */
export async function insertJobs(rows: NewRow[], again = false): Promise<Set<string>> {
  const first = rows[0]!.rest
  const kinds = [...new Set(column(rows, 'rest'))]
  const varying = new Set<AcceptColumn>(['id', 'payload', ...REST_COLUMNS.filter(name => kinds.some(rest => rest[name] !== first[name]))])
  const has = (name: RestColumn): boolean => varying.has(name) || first[name] !== null
  const features = { keys: has('idempotency_key'), waiting: varying.has('dispatched_at') || first.dispatched_at === null, expiring: has('expires_at') }
  const values = ACCEPT_COLUMNS.map((name) => {
    if (name === 'id') return uuidArray(column(rows, 'id'))
    if (name === 'payload') return textArray(column(rows, 'payload'))
    return varying.has(name) ? rows.map(row => row.rest[name]) : first[name]
  })
  const countsGiven = !features.keys && !again
  const { rows: inserted } = await pool('hot').query<{ id: string }>({ ...acceptStatement(varying, features, again), values: countsGiven ? [...values, ...countNew(rows)] : values })
  return new Set(countsGiven ? column(rows, 'id') : column(inserted, 'id'))
}

/** Which job holds each idempotency key; keyed by `organization key`. */
export async function jobsOfKeys(asked: { organizationId: string, key: string }[]): Promise<Map<string, string>> {
  const { rows } = await pool('engine').query<{ organization_id: string, key: string, job_id: string }>(
    JOBS_OF_KEYS, [column(asked, 'organizationId'), column(asked, 'key')])
  return new Map(rows.map(row => [`${row.organization_id} ${row.key}`, row.job_id]))
}
