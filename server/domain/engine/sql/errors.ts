/** The roll-up of errors: one transaction takes deltas away and adds them to groups, places and series. */

/** Takes deltas for good, oldest first. $1: most at once. What another leader holds is left to it. */
export const TAKE_DELTAS = `
  with gone as (
    delete from error_deltas where id in (select id from error_deltas order by id limit $1 for update skip locked) returning *
  )
  select organization_id, error_group, queue_name, job_type, count, job_id, run, worker_id, at from gone order by id`

/** Those of these groups that exist, held until the end. $1: organizations, $2: groups. */
export const HOLD_GROUPS = `
  select g.organization_id, g.id, g.state, g.resolved_at from unnest($1::uuid[], $2::uuid[]) as asked(organization_id, id) join error_groups g using (organization_id, id)
  order by g.organization_id, g.id for update of g`

/** How many groups each organization has. $1: organizations. */
export const COUNT_GROUPS = `select organization_id, count(*)::int as count from error_groups where organization_id = any($1::uuid[]) group by 1`

/** The error texts of runs. $1: jobs, $2: runs, $3 and $4: lowest and highest job. */
export const ERRORS_OF_RUNS = `
  select job_id, error from job_attempts where job_id = any($1::uuid[]) and job_id between $3 and $4
    and (job_id, run) in (select * from unnest($1::uuid[], $2::int[]))`

/** Versions of the workers that are still known. $1: workers. */
export const VERSIONS = `select id, version from workers where id = any($1::uuid[])`

const FELL_BACK = `g.state = 'resolved' and excluded.last_seen > g.resolved_at`
/**
 * Adds to groups, making those that are new; a resolved one that was seen again is regressed. Arrays in the order of the
 * columns.
 */
export const ADD_TO_GROUPS = `
  insert into error_groups as g (organization_id, id, form, message, count, first_seen, last_seen, first_job_id, last_job_id, last_version)
  select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::uuid[], $10::text[])
    as added(organization_id, id, form, message, count, first_seen, last_seen, first_job_id, last_job_id, last_version) order by organization_id, id
  on conflict (organization_id, id) do update set
    count = g.count + excluded.count, first_seen = least(g.first_seen, excluded.first_seen), last_seen = greatest(g.last_seen, excluded.last_seen),
    last_job_id = case when excluded.last_seen >= g.last_seen then excluded.last_job_id else g.last_job_id end,
    last_version = coalesce(excluded.last_version, g.last_version),
    state = case when ${FELL_BACK} then 'regressed' else g.state end,
    regressed_at = case when ${FELL_BACK} then excluded.last_seen else g.regressed_at end,
    regressed_job_id = case when ${FELL_BACK} then excluded.last_job_id else g.regressed_job_id end,
    regressed_version = case when ${FELL_BACK} then excluded.last_version else g.regressed_version end`

/** $1 to $6: organizations, groups, queues, types, counts, times. */
export const ADD_TO_PLACES = `
  insert into error_places as p (organization_id, group_id, queue_name, job_type, count, last_seen)
  select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[]) as added(organization_id, group_id, queue_name, job_type, count, last_seen)
  order by 1, 2, 3, 4
  on conflict (organization_id, group_id, queue_name, job_type) do update set count = p.count + excluded.count, last_seen = greatest(p.last_seen, excluded.last_seen)`

/** $1 to $5: organizations, groups, minutes per step, beginnings of steps, counts. */
export const ADD_TO_SERIES = `
  insert into error_series as s (organization_id, group_id, step_minutes, at, count)
  select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::bigint[]) as added(organization_id, group_id, step_minutes, at, count)
  order by 1, 2, 3, 4
  on conflict (organization_id, group_id, step_minutes, at) do update set count = s.count + excluded.count`

/** Tells that groups fell back, as they stand now. $1: event ids, $2: organizations, $3: groups. */
export const TELL_REGRESSIONS = `
  insert into events (id, organization_id, actor, action, subject_kind, subject_id, details)
  select told.id, g.organization_id, 'the engine', 'error.regressed', 'error', g.id::text, jsonb_build_object('job_id', g.regressed_job_id, 'version', g.regressed_version)
  from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as told(id, organization_id, group_id)
  join error_groups g on g.organization_id = told.organization_id and g.id = told.group_id`

/** Steps that are over. $1: days that hours are kept. Minutes are kept a day and a bit. */
export const FORGET_STEPS = `
  delete from error_series where (organization_id, group_id, step_minutes, at) in (
    select organization_id, group_id, step_minutes, at from error_series
    where (step_minutes = 1 and at < now() - interval '25 hours') or (step_minutes = 60 and at < now() - make_interval(days => $1)) limit 5000)`

/**
 * Groups not seen for longer than the jobs are kept ($1: days); one that somebody muted or resolved is remembered a year,
 * so that it does not come back as new.
 */
export const FORGET_GROUPS = `
  with gone as (
    delete from error_groups where last_seen < now() - make_interval(days => case when state in ('muted', 'resolved') then greatest($1, 365) else $1 end)
    returning organization_id, id
  ), places as (
    delete from error_places p using gone where p.organization_id = gone.organization_id and p.group_id = gone.id
  ), series as (
    delete from error_series s using gone where s.organization_id = gone.organization_id and s.group_id = gone.id
  )
  select count(*)::int as forgotten from gone`
