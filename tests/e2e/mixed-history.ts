import pg from 'pg'
import { errorGroupOf } from '#server/domain/engine/error-form.ts'

/** What the history is made of. */
export interface MixedHistory {
  /** The job of user 42 that timed out yesterday at noon, UTC. */
  wanted: string
  /** How many jobs the time-outs left in the dead letter, `wanted` among them. */
  timedOut: number
  /** How many jobs are in the dead letter in all. */
  failed: number
}

const ROWS = 300
/** Of the numbers of its rows: which timed out, which failed otherwise. */
const TIMED_OUT = 'n % 15 = 1'
const REFUSED = 'n % 15 = 8'
const TIMEOUT_TEXT = 'The job ran longer than its timeout of 1 s.'
const REFUSED_TEXT = 'HTTP 503 from https://mail.example.com/v1/send'
const ORGANIZATION = '00000000-0000-7000-8000-000000000001'

const JOBS = `
  insert into jobs (id, organization_id, queue_name, job_type, state, payload, result, run, failures, max_retries, timeout_seconds, last_error, created_at, started_at, completed_at, failed_at, updated_at)
  select uuidv7(at - now()), $1, $2, 'drill', state, jsonb_build_object('user', jsonb_build_object('id', 100 + n), 'template', 'report', 'sleep_ms', 20), case when state = 'completed' then '{"ok":true}'::jsonb end,
    1, (state = 'failed')::int, 0, 1, case when ${TIMED_OUT} then $3 when ${REFUSED} then $4 end, at, at, at + interval '1 s', case when state = 'failed' then at + interval '1 s' end, at + interval '1 s'
  from (select n, now() - n * interval '30 minutes' as at, case when ${TIMED_OUT} or ${REFUSED} then 'failed' when n % 15 = 3 then 'cancelled' else 'completed' end as state from generate_series(1, ${ROWS}) as n) as made`
const WANTED = `
  insert into jobs (id, organization_id, queue_name, job_type, state, payload, run, failures, max_retries, timeout_seconds, last_error, created_at, started_at, completed_at, failed_at, updated_at)
  select uuidv7(at - now()), $1, $2, 'drill', 'failed', '{"user":{"id":42},"template":"report","sleep_ms":3000}', 1, 1, 0, 1, $3, at, at, at + interval '1 s', at + interval '1 s', at + interval '1 s'
  from (select date_trunc('day', now(), 'UTC') - interval '12 hours' as at) as made returning id`
const ATTEMPTS = `
  insert into job_attempts (job_id, run, organization_id, outcome, error, started_at, finished_at, error_group, dead)
  select id, 1, organization_id, 'failed', last_error, started_at, completed_at, case last_error when $3 then $4::uuid else $5::uuid end, true
  from jobs where organization_id = $1 and queue_name = $2 and state = 'failed' returning job_id, error_group, finished_at`
const ERRORS = `
  with written as (${ATTEMPTS})
  insert into error_deltas (organization_id, error_group, queue_name, job_type, count, job_id, run, at) select $1, error_group, $2, 'drill', 1, job_id, 1, finished_at from written`
const COUNTS = `
  insert into job_counter_deltas (organization_id, queue_name, job_type, state, delta, at)
  select $1, $2, 'drill', state, count(*), now() - interval '1 day' from jobs where organization_id = $1 and queue_name = $2 group by state`

/** Some hundred jobs of the last days in one queue, with what the engine would have written beside them; its own loops add that up. */
export async function makeMixedHistory(databaseUrl: string, queue: string): Promise<MixedHistory> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    const here = [ORGANIZATION, queue]
    await client.query(JOBS, [...here, TIMEOUT_TEXT, REFUSED_TEXT])
    const { rows } = await client.query<{ id: string }>(WANTED, [...here, TIMEOUT_TEXT])
    await client.query(ERRORS, [...here, TIMEOUT_TEXT, errorGroupOf(TIMEOUT_TEXT), errorGroupOf(REFUSED_TEXT)])
    await client.query(COUNTS, here)
    const timedOut = ROWS / 15 + 1
    return { wanted: rows[0]!.id, timedOut, failed: timedOut + ROWS / 15 }
  }
  finally {
    await client.end()
  }
}
