/** What must be true when all is over, asked of the database. Each question answers the rows that should not be there. */
import { LEGAL_MOVES } from '#shared/job-states.ts'
import { LIMITED_QUEUE, LIMITED_TO, OUTSIDE_QUEUE } from './kinds.ts'

export interface Check {
  name: string
  /** Columns: `job_id` (where there is one) and `detail`. */
  sql: string
  values?: unknown[]
}

const FINAL = `('completed', 'failed', 'cancelled', 'expired')`
const LEGAL = Object.entries(LEGAL_MOVES).flatMap(([from, states]) => states.map(to => [from, to] as const))

/** Each stay in `running`, from its move into it to the next move. */
const RUNS = `runs as (
  select job_id, run, at as started, lead(at) over (partition by job_id order by seq) as ended, to_state from chaos.moves
)`
/** From the first start of an ordered job to its final end: its turn. */
const TURNS = `turns as (
  select j.id as job_id, j.queue_name, j.ordering_key, (j.payload ->> 'n')::int as n, min(m.at) filter (where m.to_state = 'running') as started,
    max(m.at) filter (where m.to_state in ${FINAL}) as ended
  from jobs j join chaos.moves m on m.job_id = j.id where j.ordering_key is not null group by 1, 2, 3, 4
), neighbours as (
  select *, lag(ended) over line as before_ended, lag(job_id) over line as before_id, lag(n) over line as before_n from turns where started is not null
  window line as (partition by queue_name, ordering_key order by started)
)`

/** Most jobs that ran at once, by something they share; a start counts after an end of the same moment. */
const atOnce = (what: string, where: string, limit: string): string => `
  with ${RUNS}, steps as (
    select ${what} as shared, j.id as job_id, at, step from runs r join jobs j on j.id = r.job_id
    cross join lateral (values (r.started, 1), (r.ended, -1)) as both_ends(at, step) where r.to_state = 'running' and at is not null and ${where}
  ), depth as (
    select *, sum(step) over (partition by shared order by at, step) as running from steps
  )
  select job_id, format('%s of %s run at once', running, shared) as detail from depth where running > ${limit}`

const LEFTOVERS = [
  `select null::uuid as job_id, format('claim %s of worker %s', id, worker_id) as detail from claims`,
  `select job_id, format('slot %s %s %s', kind, key, slot) from job_slots`,
  `select job_id, 'waiting room' from due_jobs where queue_name <> '${OUTSIDE_QUEUE}'`,
  `select d.job_id, 'waiting room, although it has ended' from due_jobs d join jobs j on j.id = d.job_id where j.state in ${FINAL}`,
  `select job_id, 'cancel request' from cancel_requests`,
  `select job_id, 'expiry' from job_expiries`,
].join(' union all ')

/** True at every moment, whatever is under way. */
export const ALWAYS: Check[] = [
  {
    name: 'states moved along legal edges only', values: [LEGAL.map(([from]) => from), LEGAL.map(([, to]) => to)],
    sql: `select job_id, format('%s -> %s (run %s)', coalesce(from_state, 'new'), coalesce(to_state, 'deleted'), run) as detail from chaos.moves
      where (coalesce(from_state, 'new'), coalesce(to_state, 'deleted')) not in (select * from unnest($1::text[], $2::text[]))`,
  },
  {
    name: 'every move began where the one before had ended, and every claim raised the run by one',
    sql: `with chain as (
        select *, lag(to_state) over line as came_from, coalesce(lag(run) over line, 0) as run_before from chaos.moves window line as (partition by job_id order by seq)
      )
      select job_id, format('%s (run %s) -> %s -> %s (run %s)', came_from, run_before, from_state, to_state, run) as detail from chain
      where from_state is distinct from came_from or run <> run_before + (to_state = 'running')::int`,
  },
  {
    name: 'at most one accepted finish per run',
    sql: `select job_id, format('run %s ended %s times', run, count(*)) as detail from chaos.moves where from_state = 'running' group by job_id, run having count(*) > 1`,
  },
  {
    name: 'a run that ended otherwise than completed has its attempt',
    sql: `select m.job_id, format('run %s went to %s', m.run, m.to_state) as detail from chaos.moves m
      where m.from_state = 'running' and m.to_state <> 'completed' and not exists (select from job_attempts a where a.job_id = m.job_id and a.run = m.run)`,
  },
  { name: 'jobs of a concurrency key never overlapped', sql: atOnce(`j.queue_name || ' ' || j.concurrency_key`, 'j.concurrency_key is not null', '1') },
  {
    name: 'counters equal rows',
    sql: `with counted as (
        select organization_id, queue_name, job_type, state, sum(n) as n from (
          select organization_id, queue_name, job_type, state, count as n from job_counters
          union all select organization_id, queue_name, job_type, state, delta from job_counter_deltas) as parts group by 1, 2, 3, 4
      ), rows as (
        select organization_id, queue_name, coalesce(job_type, '') as job_type, state, count(*) as n from jobs group by 1, 2, 3, 4
        union all select organization_id, queue_name, coalesce(job_type, ''), 'created', count(*) from jobs group by 1, 2, 3
      )
      select null::uuid as job_id, format('%s %s %s: counted %s, there are %s', queue_name, job_type, state, coalesce(counted.n, 0), coalesce(rows.n, 0)) as detail
      from counted full join rows using (organization_id, queue_name, job_type, state) where coalesce(counted.n, 0) <> coalesce(rows.n, 0)`,
  },
  {
    name: 'no idempotency key has two jobs',
    sql: `select (array_agg(id))[1] as job_id, format('%s has %s jobs', idempotency_key, count(*)) as detail from jobs where idempotency_key is not null
      group by organization_id, idempotency_key having count(*) > 1`,
  },
]

/** True when nothing moves any more and no operator ran an ended job again. */
export const CHECKS: Check[] = [
  ...ALWAYS,
  {
    name: 'jobs of an ordering key never overlapped',
    sql: `with ${TURNS} select job_id, format('%s: started %s before %s had ended (%s)', ordering_key, started, before_id, before_ended) as detail
      from neighbours where before_id is not null and (before_ended is null or before_ended > started)`,
  },
  {
    name: 'jobs of an ordering key ran in order',
    sql: `with ${TURNS} select job_id, format('%s: %s after %s', ordering_key, n, before_n) as detail from neighbours where before_n > n`,
  },
  { name: `at most ${LIMITED_TO} jobs of the limited queue ran at once`, sql: atOnce('j.queue_name', `j.queue_name = '${LIMITED_QUEUE}'`, String(LIMITED_TO)) },
  {
    name: 'no job was started before its time',
    sql: `select j.id as job_id, format('scheduled at %s, started %s', j.scheduled_at, min(m.at)) as detail from jobs j join chaos.moves m on m.job_id = j.id
      where j.scheduled_at is not null and m.to_state = 'running' group by j.id, j.scheduled_at having min(m.at) < j.scheduled_at`,
  },
  { name: 'nothing is left in claims, slots, waiting room, cancel requests and expiries', sql: LEFTOVERS },
]
