import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'

/** Columns of a new row, and their types. */
const TYPES = {
  id: 'uuid', payload: 'text', organization_id: 'uuid', queue_name: 'text', job_type: 'text', state: 'text', priority: 'smallint', tags: 'text',
  idempotency_key: 'text', idempotency_seconds: 'integer', ordering_key: 'text', concurrency_key: 'text', gated: 'boolean', max_retries: 'integer',
  backoff: 'text', timeout_seconds: 'integer', due_at: 'timestamptz', dispatched_at: 'timestamptz', scheduled_at: 'timestamptz',
  expires_at: 'timestamptz', created_at: 'timestamptz',
} as const
export type AcceptColumn = keyof typeof TYPES
export const ACCEPT_COLUMNS = Object.keys(TYPES) as AcceptColumn[]

/** `varying`: the columns that differ between the rows, each an array; all others travel once. The parameters are in the order of ACCEPT_COLUMNS. */
function inputOf(varying: ReadonlySet<AcceptColumn>): string {
  const parameter = (name: AcceptColumn) => `$${ACCEPT_COLUMNS.indexOf(name) + 1}::${TYPES[name]}`
  const columns = ACCEPT_COLUMNS.map(name => varying.has(name) ? `t.${name}` : `${parameter(name)} as ${name}`)
  const arrays = ACCEPT_COLUMNS.filter(name => varying.has(name))
  return `select ${columns.join(', ')}, t.position
    from unnest(${arrays.map(name => `${parameter(name)}[]`).join(', ')}) with ordinality as t(${arrays.join(', ')}, position)`
}

/** What the rows of a statement have; what none of them has costs nothing. */
export interface AcceptFeatures { keys: boolean, waiting: boolean, expiring: boolean }

const CLAIMED = `claimed as (
    insert into idempotency_keys as known (organization_id, key, job_id, expires_at)
    select organization_id, idempotency_key, id, now() + make_interval(secs => idempotency_seconds) from input
    where idempotency_key is not null order by 1, 2
    on conflict (organization_id, key) do update set job_id = excluded.job_id, created_at = now(), expires_at = excluded.expires_at
    where known.expires_at <= now()
    returning job_id
  ),`

const COLUMNS = `id, organization_id, queue_name, job_type, state, priority, %, idempotency_key, ordering_key, concurrency_key, gated, max_retries,
      *, timeout_seconds, due_at, dispatched_at, scheduled_at, expires_at, created_at`
const insertInto = (from: string): string => `
    insert into jobs (${COLUMNS.replace('%', 'payload, tags').replace('*', 'backoff')}, updated_at)
    select ${COLUMNS.replace('%', 'payload::jsonb, tags::jsonb').replace('*', 'backoff::jsonb')}, created_at from ${from}`

const waitingFrom = (rows: string): string => `waiting as (
    insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, due_at, ordering_key, concurrency_key)
    select id, organization_id, coalesce(job_type, ''), queue_name, priority, state = 'pending', gated,
      case when state = 'scheduled' then due_at end, ordering_key, concurrency_key
    from input where ${rows} order by position
  ),`

/** Inserts rows of which the database decides which ones: a repeated key leaves its row out, unless its window is over; with `onConflict` a row that is there already. */
const acceptSome = (input: string, onConflict: string): string => `
  with input as materialized (${input}
  ), ${CLAIMED}
  inserted as (${insertInto('input')} where idempotency_key is null or id in (select job_id from claimed)
    ${onConflict}
    returning id, organization_id, queue_name, job_type, state, dispatched_at, expires_at
  ), ${waitingFrom('id in (select id from inserted where dispatched_at is null)')}
  expiring as (
    insert into job_expiries (job_id, organization_id, expires_at) select id, organization_id, expires_at from inserted where expires_at is not null
  ), moved as (
    select organization_id, queue_name, job_type, null::text as from_state, state as to_state from inserted
  ), counted as (${COUNT_MOVES})
  select id from inserted`

const EXPIRING = `expiring as (
    insert into job_expiries (job_id, organization_id, expires_at) select id, organization_id, expires_at from input where expires_at is not null
  ),`
/** The parameters after the columns: organizations, queues, job types, states and numbers of the counters. */
const COUNTS = ['uuid', 'text', 'text', 'text', 'integer'].map((type, index) => `$${ACCEPT_COLUMNS.length + index + 1}::${type}[]`)

/** Inserts every row or none, so that the caller can count them beforehand. */
const acceptAll = (input: string, { waiting, expiring }: AcceptFeatures): string => `
  with ${waiting || expiring ? `input as materialized (${input}), ${waiting ? waitingFrom('dispatched_at is null') : ''} ${expiring ? EXPIRING : ''}` : ''}
  inserted as (${insertInto(waiting || expiring ? 'input' : `(${input}) as input`)})
  insert into job_counter_deltas (organization_id, queue_name, job_type, state, delta) select * from unnest(${COUNTS.join(', ')})`

/** A statement repeated after a lost connection may find its own rows: they count as inserted once. */
const ONCE = 'on conflict (id) do nothing'
/** Statements are kept by the database under their names; rows differ in few ways, but nobody promises that. */
const MOST_KEPT = 100
const kept = new Map<string, string>()

/**
 * The statement that inserts rows which differ in some columns (the id always). Rows not sent to the belt at once enter the
 * waiting room. With `keys` or `again` (an earlier try may have been committed) it answers the ids inserted; else it
 * inserts all, and takes what to count as parameters.
 */
export function acceptStatement(varying: ReadonlySet<AcceptColumn>, features: AcceptFeatures, again: boolean): { name?: string, text: string } {
  if (again) return { text: acceptSome(inputOf(varying), ONCE) }
  const name = `accept ${[...ACCEPT_COLUMNS.map(column => varying.has(column)), features.keys, features.waiting, features.expiring].map(Number).join('')}`
  const text = kept.get(name) ?? (features.keys ? acceptSome(inputOf(varying), '') : acceptAll(inputOf(varying), features))
  if (kept.size < MOST_KEPT) kept.set(name, text)
  return kept.has(name) ? { name, text } : { text }
}

export const JOBS_OF_KEYS = `
  select k.organization_id, k.key, k.job_id from idempotency_keys k
  join unnest($1::uuid[], $2::text[]) as asked(organization_id, key) using (organization_id, key)`
