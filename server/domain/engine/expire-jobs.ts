import { pool } from '#server/infra/database.ts'
import { afterRuns } from '#server/domain/engine/after-runs.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { COUNT_MOVES } from '#server/domain/engine/sql/counters.ts'
import { bounds, type EndedJob } from '#server/domain/engine/store.ts'

const BATCH = 1000
/** A running job may still come back into the waiting room, so its row stays until it ends. */
const DUE = `select e.job_id from job_expiries e where e.expires_at <= now() order by e.expires_at limit $1`

/** $1: ids, $2 and $3: bounds. Rows of jobs that have ended otherwise go too. */
const EXPIRE = `
  with ended as (
    update jobs j set state = 'expired', completed_at = now(), due_at = null, dispatched_at = null, updated_at = now()
    from (select id, state from jobs where id = any($1::uuid[]) and id between $2 and $3
      and state in ('scheduled', 'blocked', 'pending', 'retrying') and expires_at <= now() order by id for update) as b
    where j.id = any($1::uuid[]) and j.id between $2 and $3 and j.id = b.id
    returning j.id, j.run, j.state, j.organization_id, j.queue_name, j.job_type, j.updated_at, j.gated, j.ordering_key, j.concurrency_key, b.state as from_state
  ), unqueued as (
    delete from due_jobs where job_id = any(array(select id from ended))
  ), freed as (
    delete from job_slots where job_id = any(array(select id from ended where gated))
  ), unexpiring as (
    delete from job_expiries where job_id = any(array(select id from ended))
      or job_id = any(array(select id from jobs where id = any($1::uuid[]) and id between $2 and $3 and state in ('completed', 'failed', 'cancelled', 'expired')))
  ), later as (
    -- It runs: asked again in a while, until it has ended one way or another.
    update job_expiries set expires_at = now() + interval '5 seconds'
    where job_id = any(array(select id from jobs where id = any($1::uuid[]) and id between $2 and $3 and state = 'running'))
  ), moved as (
    select organization_id, queue_name, job_type, from_state, state as to_state from ended
  ), counted as (${COUNT_MOVES})
  select id, run, state, organization_id, queue_name, job_type, updated_at, gated, ordering_key, concurrency_key from ended`

/** Jobs whose time is over before they were started end as expired. */
export async function expireJobs(): Promise<void> {
  for (;;) {
    const due = await pool('engine').query<{ job_id: string }>({ name: 'due-expiries', text: DUE, values: [BATCH] })
    if (due.rows.length === 0) return
    const ids = due.rows.map(row => row.job_id)
    const { rows } = await retryDeadlock(() => pool('engine').query<EndedJob>({ name: 'expire', text: EXPIRE, values: [ids, ...bounds(ids)] }))
    await afterRuns(rows)
    if (due.rows.length < BATCH) return
  }
}
