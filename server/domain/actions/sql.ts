/** Statements over actions on many jobs. Each takes the organization; jobs are reached by the bounds of their ids (see engine/sql/counters.ts). */

/** A condition over `jobs j`, as JobCondition has it: `runs` finds the jobs of one error group by `job_attempts a`. */
export interface MatchSql { sql: string, indexed: string, runs: string | null, values: unknown[] }

/**
 * A page of jobs in the order of their ids, and whether each fits: `page`, beside `looked`, the ids it was found by. Jobs of
 * an error group are found by its runs, all others one by one. $1: organization, $2: behind this id, $3: below this one,
 * $4: size. The condition's parameters follow.
 */
const pages = ({ sql, indexed, runs }: MatchSql): string => runs === null
  ? `
  page as materialized (
    select j.id, j.state, j.updated_at, (${sql}) is true as fits from jobs j
    where j.organization_id = $1 and j.id > $2 and j.id < $3 and (${indexed}) order by j.id limit $4
  ), looked as (select id from page)`
  : `
  looked as materialized (
    select a.job_id as id from job_attempts a where a.organization_id = $1 and a.job_id > $2 and a.job_id < $3 and ${runs} order by a.job_id limit $4
  ), page as materialized (
    select j.id, j.state, j.updated_at, (${sql}) is true as fits from jobs j
    where j.organization_id = $1 and j.id = any(array(select id from looked))
      and j.id between (select id from looked order by id limit 1) and (select id from looked order by id desc limit 1)
  )`
const LOOKED = `(select count(*)::int from looked) as looked, (select max(id::text) from looked) as last`

/** What a page holds for an action. $5: states it changes, $6: most ids to answer, $7: size of the sample. */
export const countPage = (match: MatchSql) => `
  with ${pages(match)},
  fitting as (select id, state = any($5::text[]) as changes from page where fits)
  select ${LOOKED},
    count(*) filter (where changes)::int as matched, count(*) filter (where not changes)::int as untouched,
    array(select id from fitting where changes order by id limit $6) as ids,
    array(select id from fitting where changes order by id desc limit $7) as sample
  from fitting`

/** Writes down the jobs of a page that an action is about. $5: states it changes, $6: action, $7: not changed after this time, or null. */
export const gatherPage = (match: MatchSql) => `
  with ${pages(match)},
  kept as (
    insert into job_action_items (action_id, job_id, organization_id)
    select $6, id, $1 from page where fits and state = any($5::text[]) and ($7::timestamptz is null or updated_at <= $7)
    on conflict do nothing returning job_id
  )
  select ${LOOKED}, (select count(*)::int from kept) as kept`

/** The same for taking an action back: the jobs it changed. $1: organization, $2: behind this id, $3: the action to take back, $4: size, $5: the new action. */
export const GATHER_DONE = `
  with page as materialized (
    select job_id, outcome from job_action_items where action_id = $3 and organization_id = $1 and job_id > $2 order by job_id limit $4
  ), kept as (
    insert into job_action_items (action_id, job_id, organization_id)
    select $5, job_id, $1 from page where outcome = 'done' on conflict do nothing returning job_id
  )
  select (select count(*)::int from page) as looked, (select max(job_id::text) from page) as last, (select count(*)::int from kept) as kept`

/** Which of some jobs still fit. $1: organization, $2: ids, $3 and $4: bounds. */
export const stillFits = (sql: string) => `
  select j.id from jobs j where j.organization_id = $1 and j.id = any($2::uuid[]) and j.id between $3 and $4 and (${sql})`

/** The next jobs of an action. $1: action, $2: behind this id, $3: size, $4: organization. */
export const NEXT_ITEMS = `
  select job_id from job_action_items where action_id = $1 and organization_id = $4 and job_id > $2 order by job_id limit $3`

/** What an action did to some jobs. A statement of its own: a plan that fits any number of jobs would join all items of two actions. $1: action, $2: organization, $3: jobs. */
export const DONE_TO = `
  select job_id, before, at from job_action_items where action_id = $1 and organization_id = $2 and job_id = any($3::uuid[])`

/** Where an item stands in the sorted ids of $3: cheaper than a join with them, which compares each with each. */
const NTH = 'width_bucket(i.job_id, $3::uuid[])'

/** What became of some items. $1: action, $2: organization, $3: job ids in order, $4: outcomes, $5: reasons, $6: how each was before (a JSON array). */
export const SETTLE_ITEMS = `
  update job_action_items i set outcome = ($4::text[])[${NTH}], reason = ($5::text[])[${NTH}], before = nullif($6::jsonb -> (${NTH} - 1), 'null'::jsonb), at = now()
  where i.action_id = $1 and i.organization_id = $2 and i.job_id = any($3::uuid[])`

export const INSERT_ACTION = `
  insert into job_actions (id, organization_id, action, undoes, state, actor, reason, filter, priority, queue_name, rate, matched, matched_exactly, gathered, created_at, ended_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13, $14, now(), case when $5 = 'completed' then now() end)
  on conflict do nothing`

export const INSERT_ITEMS = `
  insert into job_action_items (action_id, job_id, organization_id) select $1, id, $2 from unnest($3::uuid[]) as id`

/** Tells the story of an action, or of the error whose jobs it is about. $1: id, $2: organization, $3: actor, $4: what, $5: reason, $6: event id, $7: details, $8: of what. */
export const INSERT_EVENT = `
  insert into events (id, organization_id, actor, action, subject_kind, subject_id, reason, details) values ($6, $2, $3, $4, $8, $1, $5, $7::jsonb)`
