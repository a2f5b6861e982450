/** The queries of the waiting room (`due_jobs`): what the dispatcher reads, promotes and stamps. */
import type pg from 'pg'
import { execute, pool } from '#server/infra/database.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { bounds, type ChangedJob } from '#server/domain/engine/store.ts'
import { BACK } from '#server/domain/engine/sql/claim.ts'
import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'
import { isLimited, isPaused } from '#server/domain/engine/sql/queue-gate.ts'
import { readyRows } from '#server/domain/engine/sql/ready-line.ts'
import type { JobState } from '#shared/job-states.ts'

/** A job whose hint may go to the belt; `alone` when it must not share an envelope. */
export interface StampedJob { id: string, priority: number, alone: boolean }
export interface DueJob extends ChangedJob { from_state: JobState }

const DUE_TIMERS = `select job_id from due_jobs where due_at <= now() order by due_at limit $1`

/** Jobs whose time has come become pending and ready. $1: ids, $2 and $3: their bounds. */
const PROMOTE = `
  with woken as (
    update due_jobs set ready = true, due_at = null
    where job_id = any(array(select job_id from due_jobs where job_id = any($1::uuid[]) and due_at <= now() order by job_id for update skip locked))
    returning job_id
  ), before as (
    select id, state from jobs where id = any(array(select job_id from woken)) and id between $2 and $3 and state in ('scheduled', 'retrying')
  ), changed as (
    update jobs j set state = 'pending', due_at = null, updated_at = now() from before b
    where j.id = any(array(select job_id from woken)) and j.id between $2 and $3 and j.id = b.id and j.state = b.state
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.run, j.state, j.updated_at, b.state as from_state
  ), moved as (
    select organization_id, queue_name, job_type, from_state, state as to_state from changed
  ), counted as (${COUNT_MOVES})
  select * from changed`

/** Promotes at most `limit` jobs whose time has come; answers them. */
export async function promoteDue(limit: number): Promise<DueJob[]> {
  const due = await pool('engine').query<{ job_id: string }>({ name: 'due-timers', text: DUE_TIMERS, values: [limit] })
  if (due.rows.length === 0) return []
  const ids = due.rows.map(row => row.job_id)
  const { rows } = await retryDeadlock(() => pool('engine').query<DueJob>({ name: 'promote', text: PROMOTE, values: [ids, ...bounds(ids)] }))
  return rows
}

/**
 * Every (organization, queue) with ready rows of a lane, found by leaping through the index. $1: lane, $2: gated.
 * Paused queues are left out.
 */
const PAIRS = `
  with recursive leap as (
    (select organization_id, queue_name from due_jobs where lane = $1 and gated = $2 and ready order by organization_id, queue_name limit 1)
    union all
    select next.* from leap cross join lateral (
      select organization_id, queue_name from due_jobs
      where lane = $1 and gated = $2 and ready and (organization_id, queue_name) > (leap.organization_id, leap.queue_name)
      order by organization_id, queue_name limit 1) as next
  ), open as (
    select leap.*, q.concurrency, q.rate_limit from leap left join queues q on q.organization_id = leap.organization_id and q.name = leap.queue_name
    where not ${isPaused('q')}
  )`

/** The ids whose turn it is: the same share of $3 for each organization, and within one for each of its queues. */
const TURN = `shares as (
    select *, greatest(1, $3 / (select count(distinct organization_id) from open) / count(*) over (partition by organization_id)) as share
    from open where not ${isLimited('open')}
  ), turn as (
    select picked.job_id from shares cross join lateral (
      ${readyRows({ lane: '$1', organization: 'shares.organization_id', queue: 'shares.queue_name', limit: 'shares.share' }, '$2')}) as picked
    limit $3
  )`

/**
 * Takes those whose turn it is out of the waiting room and stamps their jobs; the lowest and highest id, found first, keep
 * the update in their days. $1: lane, $2: gated, $3: how many at most.
 */
const STAMP = `${PAIRS}, ${TURN}, gone as (
    delete from due_jobs
    where job_id = any(array(select job_id from due_jobs where job_id = any(array(select job_id from turn)) and ready order by job_id for update skip locked))
    returning job_id
  ), ordered as materialized (
    select array_agg(job_id order by job_id) as ids from gone
  )
  update jobs set dispatched_at = now()
  where id = any((select ids from ordered)::uuid[]) and id between (select ids[1] from ordered) and (select ids[cardinality(ids)] from ordered) and state = 'pending'
  returning id, priority, gated or suspect as alone`

/** Stamps at most `limit` ready jobs of a lane, shared fairly between organizations; answers them. */
export async function stampReady(lane: string, limit: number): Promise<StampedJob[]> {
  const { rows } = await retryDeadlock(() => pool('engine').query<StampedJob>({ name: 'stamp', text: STAMP, values: [lane, false, limit] }))
  return rows
}

/** Whose turn it is now, at most `limit` jobs of a lane, as stampReady would take them; changes nothing. */
export async function pickReady(client: Pick<pg.PoolClient, 'query'>, lane: string, limit: number): Promise<string[]> {
  const { rows } = await client.query<{ job_id: string }>({ name: 'pick', text: `${PAIRS}, ${TURN} select job_id from turn`, values: [lane, false, limit] })
  return rows.map(row => row.job_id)
}

export interface QueuePair { organization_id: string, queue_name: string }

/** Queues of a lane in which gated jobs, or jobs of a limited queue, are ready. */
export async function gatedPairs(lane: string): Promise<QueuePair[]> {
  const [gated, limited] = await Promise.all([
    pool('engine').query<QueuePair>({ name: 'gated-pairs', text: `${PAIRS} select organization_id, queue_name from open`, values: [lane, true] }),
    pool('engine').query<QueuePair>({ name: 'limited-pairs', text: `${PAIRS} select organization_id, queue_name from open where ${isLimited('open')}`, values: [lane, false] }),
  ])
  return [...new Map([...gated.rows, ...limited.rows].map(pair => [`${pair.organization_id} ${pair.queue_name}`, pair])).values()]
}

/** Puts stamped pending jobs back into the waiting room: their hints could not be sent, or are lost. Answers how many. */
export async function returnToWaiting(ids: string[]): Promise<number> {
  if (ids.length === 0) return 0
  const { rowCount } = await retryDeadlock(() => execute('engine', { name: 'back', text: BACK, values: [ids, ...bounds(ids)] }))
  return rowCount ?? 0
}

/**
 * Stamped pending jobs of some lanes, oldest first, from an id on: those whose hint should be on the belt. Reads every
 * row of the range, in the order of the key.
 */
export async function stampedFrom(options: { lanes: readonly string[], from: string, to: string, limit: number }): Promise<string[]> {
  const { rows } = await pool('engine').query<{ id: string }>(
    `select id from jobs where id > $2 and id < $3 and job_type = any($1::text[]) and state = 'pending' and dispatched_at is not null order by id limit $4`,
    [options.lanes, options.from, options.to, options.limit])
  return rows.map(row => row.id)
}

const READY_LANES = `
  select l.lane from unnest($1::text[]) as l(lane)
  where exists (select from due_jobs d where d.lane = l.lane and not d.gated and d.ready)
    or exists (select from due_jobs d where d.lane = l.lane and d.gated and d.ready)`

/** The lanes in which jobs wait for nothing but their turn (paused queues included). */
export async function readyLanes<L extends string>(lanes: readonly L[]): Promise<L[]> {
  const { rows } = await pool('engine').query<{ lane: L }>({ name: 'ready-lanes', text: READY_LANES, values: [lanes] })
  return rows.map(row => row.lane)
}

/** True when the counters know of pending jobs of a type; cheap, and exact up to the deltas not yet added up. */
export async function hasPending(jobType: string): Promise<boolean> {
  const { rows } = await pool('engine').query<{ pending: string }>(`
    select coalesce(sum(count), 0) as pending from (
      select count from job_counters where job_type = $1 and state = 'pending'
      union all select delta from job_counter_deltas where job_type = $1 and state = 'pending') as parts(count)`, [jobType])
  return Number(rows[0]?.pending) > 0
}
