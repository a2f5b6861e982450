import type pg from 'pg'

/** Days over which the jobs are spread; fewer than the shortest default retention. */
const DAYS = 20
const CHUNK = 250_000

/**
 * Finished jobs of one organization over the last days and some queues, oldest first: 1 % failed, 0.2 % cancelled. Written
 * past the engine, since it would take long to run them; n counts back from now.
 */
const FILL = `
  insert into jobs (id, organization_id, queue_name, job_type, state, payload, result, run, failures, max_retries, timeout_seconds,
    last_error, created_at, started_at, completed_at, failed_at, updated_at)
  select uuidv7(at - now()), '00000000-0000-7000-8000-000000000001', ($4::text[])[1 + n % array_length($4::text[], 1)], 'drill', state,
    '{"to":"user@example.com","n":12345,"tpl":"welcome"}', case when state = 'completed' then '{"ok":true}'::jsonb end,
    1, case when state = 'failed' then 4 else 0 end, 3, 300, case when state = 'failed' then 'The upstream answered 503.' end,
    at, at, at, case when state = 'failed' then at end, at
  from (
    select n, now() - make_interval(mins => 1) - n * (make_interval(days => ${DAYS}) / $3::float8) as at,
      case when n % 100 = 1 then 'failed' when n % 500 = 3 then 'cancelled' else 'completed' end as state
    from generate_series($1::int, $2::int, -1) as n
  ) as made`

const COUNT = `
  insert into job_counters (organization_id, queue_name, job_type, state, count)
  select organization_id, queue_name, coalesce(job_type, ''), state, count(*) from jobs group by 1, 2, 3, 4
  on conflict (organization_id, queue_name, job_type, state) do update set count = excluded.count`

/** The product makes partitions from today on; history has had one a day before. */
const PARTITION_OF_DAY = `
  select format('create table if not exists %I partition of jobs for values from (%L) to (%L) with (fillfactor = 50)',
    'jobs_' || to_char(day, 'YYYYMMDD'), bespin_first_id(day), bespin_first_id(day + interval '1 day')) as statement
  from generate_series(current_date - ${DAYS + 1}, current_date - 1, interval '1 day') as day`

/** Fills an empty jobs table with `rows` finished jobs, its partitions and its counters. Some ten seconds a million. */
export async function fillHistory(database: pg.Pool, { rows, queues }: { rows: number, queues: string[] }): Promise<void> {
  const client = await database.connect()
  try {
    await client.query(`set timezone = 'UTC'`)
    for (const { statement } of (await client.query<{ statement: string }>(PARTITION_OF_DAY)).rows) await client.query(statement)
    for (let last = rows; last > 0; last -= CHUNK) await client.query(FILL, [last, Math.max(1, last - CHUNK + 1), rows, queues])
    await client.query(COUNT)
    // What autovacuum does within minutes of such a change.
    await client.query('vacuum analyze jobs')
    await client.query('checkpoint')
  }
  finally {
    client.release()
  }
}
