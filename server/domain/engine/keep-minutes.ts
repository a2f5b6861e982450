/** The tables behind the charts: sampled once a minute, merged when old, gone after eight days. */
import { pool } from '#server/infra/database.ts'

/** A little longer than the longest range of a chart. */
const DAYS = 8
const TABLES = ['job_minutes', 'job_time_minutes', 'queue_depth_minutes'] as const
const BATCH = 10_000

/** What fills a queue: the words of `pending_jobs` and `processing_jobs`. */
const SAMPLE = `
  with counted as (
    select organization_id, queue_name, coalesce(sum(count) filter (where state <> 'running'), 0) as waiting, coalesce(sum(count) filter (where state = 'running'), 0) as running
    from job_counters where state in ('pending', 'blocked', 'retrying', 'running') group by 1, 2
  ), sampled as (
    select * from counted
    union all select organization_id, '', sum(waiting), sum(running) from counted group by 1
  )
  insert into queue_depth_minutes (organization_id, queue_name, minute, waiting, running)
  select organization_id, queue_name, date_trunc('minute', now()), greatest(0, waiting), greatest(0, running) from sampled s
  where waiting > 0 or running > 0 or exists (
    select from (select waiting, running from queue_depth_minutes d where d.organization_id = s.organization_id and d.queue_name = s.queue_name order by d.minute desc limit 1) as before
    where before.waiting > 0 or before.running > 0)
  on conflict (organization_id, queue_name, minute) do nothing`

let sampledMinute = 0

/** Notes once a minute how full each queue is that holds something, or held something when last looked at. */
export async function sampleDepth(now = Date.now()): Promise<void> {
  const minute = Math.floor(now / 60_000)
  if (minute === sampledMinute) return
  await pool('engine').query({ name: 'sample-depth', text: SAMPLE })
  sampledMinute = minute
}

/** Times older than two hours, of the last day: a minute each is finer than any chart shows of them. */
const MERGE = `
  with gone as (
    delete from job_time_minutes where minute < date_bin('15 minutes', now() - interval '2 hours', 'epoch') and minute >= now() - interval '1 day'
      and minute <> date_bin('15 minutes', minute, 'epoch')
    returning *
  )
  insert into job_time_minutes (organization_id, minute, queue_name, job_type, kind, bucket, count)
  select organization_id, date_bin('15 minutes', minute, 'epoch'), queue_name, job_type, kind, bucket, sum(count) from gone group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6
  on conflict (organization_id, minute, queue_name, job_type, kind, bucket) do update set count = job_time_minutes.count + excluded.count`

/** Merges old minutes of times into quarters of an hour and forgets what is older than eight days. */
export async function keepMinutes(): Promise<void> {
  await pool('engine').query(MERGE)
  for (const table of TABLES) {
    const old = `delete from ${table} where ctid = any(array(select ctid from ${table} where minute < now() - make_interval(days => $1) limit $2))`
    for (let gone = BATCH; gone === BATCH;) gone = (await pool('engine').query(old, [DAYS, BATCH])).rowCount ?? 0
  }
}
