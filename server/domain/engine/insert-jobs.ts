import { textArray, uuidArray } from '#server/infra/binary-arrays.ts'
import { pool } from '#server/infra/database.ts'
import { ACCEPT_COLUMNS, acceptStatement, JOBS_OF_KEYS, type AcceptColumn } from '#server/domain/engine/sql/accept.ts'
import { countNew } from '#server/domain/engine/sql/counters.ts'
import { column } from '#server/domain/engine/store.ts'
import type { JobState } from '#shared/job-states.ts'

type Value = string | number | boolean | null
/** A job row to insert, by column; times are RFC 3339 text, JSON columns are serialised. */
export type NewRow = Record<AcceptColumn, Value> & { id: string, state: JobState, job_type: string | null, organization_id: string, idempotency_key: string | null }

/** Inserts rows in one statement; answers the ids inserted (a repeated idempotency key leaves its row out). `again`: a first try may have been committed. */
export async function insertJobs(rows: NewRow[], again = false): Promise<Set<string>> {
  const first = rows[0]!
  const varying = new Set(ACCEPT_COLUMNS.filter(name => name === 'id' || rows.some(row => row[name] !== first[name])))
  const has = (name: AcceptColumn): boolean => varying.has(name) || first[name] !== null
  const features = { keys: has('idempotency_key'), waiting: varying.has('dispatched_at') || first.dispatched_at === null, expiring: has('expires_at') }
  const values = ACCEPT_COLUMNS.map(name => varying.has(name) ? arrayOf(name, rows) : first[name])
  const countsGiven = !features.keys && !again
  const { rows: inserted } = await pool('engine').query<{ id: string }>({ ...acceptStatement(varying, features, again), values: countsGiven ? [...values, ...countNew(rows)] : values })
  return new Set(countsGiven ? column(rows, 'id') : column(inserted, 'id'))
}

function arrayOf(name: AcceptColumn, rows: NewRow[]): Buffer | Value[] {
  if (name === 'id') return uuidArray(column(rows, 'id'))
  return name === 'payload' ? textArray(column(rows, 'payload') as string[]) : column(rows, name)
}

/** Which job holds each idempotency key; keyed by `organization key`. */
export async function jobsOfKeys(asked: { organizationId: string, key: string }[]): Promise<Map<string, string>> {
  const { rows } = await pool('engine').query<{ organization_id: string, key: string, job_id: string }>(
    JOBS_OF_KEYS, [column(asked, 'organizationId'), column(asked, 'key')])
  return new Map(rows.map(row => [`${row.organization_id} ${row.key}`, row.job_id]))
}
