import { COUNT_MOVES, FINAL } from '#server/domain/engine/sql/counters.ts'

const FORGOTTEN = `forgotten as (
    delete from cancel_requests where job_id = any(array(select id from ended where cancel_asked))
  )`

/**
 * What every end of a run does besides the row: `ended` holds the changed rows with `outcome`. Keys and places are given
 * back (an ordering key only by a final end: a retrying head holds up its followers), what runs again enters the waiting
 * room, the attempt is written down unless it completed in silence.
 */
export const AFTER_RUN = `
  freed as (
    delete from job_slots where job_id = any(array(select id from ended where gated))
      and (kind <> 'ordering' or job_id = any(array(select id from ended where gated and state in ${FINAL})))
  ), waiting as (
    insert into due_jobs (job_id, organization_id, lane, queue_name, priority, ready, gated, due_at, ordering_key, concurrency_key)
    select id, organization_id, coalesce(job_type, ''), queue_name, priority, state = 'pending', gated, case when state <> 'pending' then due_at end,
      ordering_key, concurrency_key
    from ended where state in ('pending', 'retrying', 'scheduled') order by id
    on conflict (job_id) do nothing
  ), attempts as (
    insert into job_attempts (job_id, run, organization_id, worker_id, outcome, error, started_at, finished_at, error_group, dead)
    select id, run, organization_id, worker_id, outcome, last_error, started_at, updated_at, error_group, state = 'failed' from ended where outcome <> 'completed'
    on conflict (job_id, run) do nothing
  ), ${FORGOTTEN}, unexpiring as (
    delete from job_expiries where job_id = any(array(select id from ended where expires_at is not null and state in ${FINAL}))
  ), moved as (
    select organization_id, queue_name, job_type, 'running' as from_state, state as to_state from ended
  ), counted as (${COUNT_MOVES})`

/** What failed and crashed runs add: a delta of their error group, one for all alike in the statement. The roll-up of errors adds them up. */
const ERRED = `erred as (
    insert into error_deltas (organization_id, error_group, queue_name, job_type, count, job_id, run, worker_id)
    select organization_id, error_group, queue_name, coalesce(job_type, ''), count(*), (array_agg(id order by id desc))[1],
      (array_agg(run order by id desc))[1], (array_agg(worker_id order by id desc))[1]
    from ended where error_group is not null group by 1, 2, 3, 4
  )`

/** The outcomes of a run, by the number that stands for them in the arrays of FINISH. */
export const OUTCOMES = ['completed', 'failed', 'cancelled', 'snoozed', 'crashed', 'handed_back'] as const
export const NEXT_STATES = ['completed', 'failed', 'cancelled', 'retrying', 'scheduled', 'pending'] as const
const words = (list: readonly string[]) => `'{${list.join(',')}}'::text[]`

/**
 * Where a job stands in the sorted ids of $1. The other columns are found by this number and not by a join: a plan for a
 * set of unknown size may compare every row with every other.
 */
const N = 'width_bucket(j.id, $1::uuid[])'
const MINE = `j.id = any($1::uuid[]) and j.id between $4 and $5 and j.state = 'running' and j.run = ($2::int[])[${N}]`
const RETURNING = `returning j.id, j.organization_id, j.queue_name, j.job_type, j.priority, j.run, j.worker_id, j.state, j.last_error, j.started_at, j.updated_at,
      j.due_at, j.gated, j.ordering_key, j.concurrency_key, j.expires_at, j.cancel_requested_at is not null as cancel_asked`
const RELEASED = `released as (
    delete from claims where id = any($3::bigint[])
  )`

const COMPLETED = `
    update jobs j set state = 'completed', result = $6::jsonb -> (${N} - 1), progress = 1, suspect = false, completed_at = now(), updated_at = now()
    where ${MINE}`

/** Ends runs that completed. $1: ids in order, $2: runs, $3: claims to let go of, $4 and $5: bounds, $6: results, a JSON array. Answers the ids accepted. */
export const COMPLETE = `
  with ended as (${COMPLETED}
    ${RETURNING}, 'completed' as outcome, null::uuid as error_group
  ), ${RELEASED}, ${AFTER_RUN}
  select id from ended`

/** The same for jobs that hold no key or place and never expire: what every column more of a row costs is felt here. */
export const COMPLETE_PLAIN = `
  with ended as (${COMPLETED}
    returning j.id, j.organization_id, j.queue_name, j.job_type, j.cancel_requested_at is not null as cancel_asked
  ), ${RELEASED}, ${FORGOTTEN}, moved as (
    select organization_id, queue_name, job_type, 'running' as from_state, 'completed' as to_state from ended
  ), counted as (${COUNT_MOVES})
  select id from ended`

/** A job that was asked to stop does not run again, however its run ended. */
const STATE = `(${words(NEXT_STATES)})[case when j.cancel_requested_at is not null and ($6::int[])[${N}] > 3 then 3 else ($6::int[])[${N}] end]`
const OUTCOME = `($7::int[])[${N}]`

/**
 * Ends runs otherwise. $1 to $5 as in COMPLETE; $6: numbers of NEXT_STATES, $7: numbers of OUTCOMES, $8: milliseconds until
 * the next run, $9: errors, a JSON array, $10: the groups of those that count as errors. Each is guarded by (id, run, running).
 * Answers the rows accepted.
 */
export const FINISH = `
  with ended as (
    update jobs j set
      state = ${STATE}, last_error = coalesce($9::jsonb ->> (${N} - 1), j.last_error),
      failures = j.failures + (${OUTCOME} = 2)::int, snoozes = j.snoozes + (${OUTCOME} = 4)::int, crashes = j.crashes + (${OUTCOME} = 5)::int,
      suspect = j.suspect and ${OUTCOME} in (5, 6),
      completed_at = case when ${STATE} in ${FINAL} then now() end,
      failed_at = case when ${STATE} = 'failed' then now() end,
      due_at = case when ${STATE} in ('retrying', 'scheduled') then now() + make_interval(secs => ($8::int[])[${N}] / 1000.0) end,
      dispatched_at = case when ${STATE} in ${FINAL} then j.dispatched_at end, updated_at = now()
    where ${MINE}
    ${RETURNING}, (${words(OUTCOMES)})[${OUTCOME}] as outcome, case when j.cancel_requested_at is null then ($10::uuid[])[${N}] end as error_group
  ), ${RELEASED}, ${AFTER_RUN}, ${ERRED}
  select id, run, state, organization_id, queue_name, job_type, updated_at, gated, ordering_key, concurrency_key, outcome from ended`

/** What stands as the error of a job whose worker fell silent. */
export const WORKER_LOST = 'The worker that ran this job was lost.'
const CRASHED = `($3::boolean[])[${N}]`

/**
 * Takes back jobs whose claim ran out. A job that a dead worker held alone is counted a crash (and goes to the dead letter
 * with the $7th); of several nobody knows who did it, so they are suspects, run one by one next time and are counted
 * nothing. One that was asked to stop is cancelled. $1: ids in order, $2: runs, $3: crashed, $4 and $5: bounds, $6: suspect,
 * $8: the error group of a crash.
 */
export const TAKE_BACK = `
  with ended as (
    update jobs j set
      state = case when j.cancel_requested_at is not null then 'cancelled' when ${CRASHED} and j.crashes + 1 >= $7 then 'failed' else 'pending' end,
      crashes = j.crashes + (${CRASHED})::int, suspect = j.suspect or ($6::boolean[])[${N}], last_error = '${WORKER_LOST}',
      dispatched_at = null,
      completed_at = case when j.cancel_requested_at is not null or (${CRASHED} and j.crashes + 1 >= $7) then now() end,
      failed_at = case when j.cancel_requested_at is null and ${CRASHED} and j.crashes + 1 >= $7 then now() end, updated_at = now()
    where ${MINE}
    ${RETURNING}, case when ${CRASHED} then 'crashed' else 'lost' end as outcome, case when ${CRASHED} and j.cancel_requested_at is null then $8::uuid end as error_group
  ), ${AFTER_RUN}, ${ERRED}
  select id, run, state, organization_id, queue_name, job_type, updated_at, gated, ordering_key, concurrency_key, outcome from ended`
