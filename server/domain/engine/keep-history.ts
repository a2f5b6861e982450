/** Retention: a day falls as a whole when it is older than the longest retention; queues with a shorter one are cleaned in batches. */
import { getConfig } from '#server/config.ts'
import { pool } from '#server/infra/database.ts'
import { logger } from '#server/infra/logger.ts'
import { deleteEnded } from '#server/domain/engine/purge-failed.ts'

const DAYS_AHEAD = 7
const BATCH = 2000
/** Most batches of one queue in one round, so that a large backlog does not hold up the others. */
const BATCHES = 25

const SHORT_QUEUES = `select organization_id, name, retention_days from queues where retention_days is not null and retention_days < $1`
const OLD_JOBS = `
  select id from jobs where organization_id = $1 and queue_name = $2 and id < bespin_first_id(now() - make_interval(days => $3))
    and state in ('completed', 'failed', 'cancelled', 'expired') and completed_at < now() - make_interval(days => $3) order by id limit $4`

/** Makes the days to come, drops those that are over. */
export async function keepPartitions(): Promise<void> {
  await pool('engine').query('select bespin_make_partitions($1)', [DAYS_AHEAD])
  while (await dropOldestDay());
  await forgetTheDropped()
}

/** What stands beside the days falls with them: links of jobs that are gone, and workers that no kept job can have run on. */
async function forgetTheDropped(): Promise<void> {
  const { retentionDays } = getConfig()
  await pool('engine').query(`delete from job_links l where l.job_id < bespin_first_id(now() - make_interval(days => $1))
    and not exists (select from jobs j where j.id = l.job_id and j.organization_id = l.organization_id)`, [retentionDays])
  await pool('engine').query(`update worker_records r set seen_at = now() from workers w where w.id = r.worker_id and r.seen_at < now() - interval '1 hour'`)
  await pool('engine').query('delete from worker_records where seen_at < now() - make_interval(days => $1)', [retentionDays])
}

async function dropOldestDay(): Promise<boolean> {
  const { rows } = await pool('engine').query<{ dropped: boolean }>(
    'select bespin_drop_partition(now() - make_interval(days => $1)) as dropped', [getConfig().retentionDays])
  if (rows[0]?.dropped) logger().info('a day of history older than the retention was dropped')
  return rows[0]?.dropped ?? false
}

/** Gives one day its index of payload, result and tags, which searches use; the next round the next. */
export async function indexHistory(): Promise<void> {
  const { searchIndex } = getConfig()
  if (searchIndex === 'off') return
  const { rows } = await pool('engine').query<{ day: string | null }>('select bespin_index_history($1) as day', [searchIndex === 'all'])
  if (rows[0]?.day) logger().info({ day: rows[0].day }, 'a day of history was indexed for searches')
}

/** Deletes what queues with a shorter retention no longer keep. */
export async function cleanQueues(): Promise<void> {
  const { rows } = await pool('engine').query<{ organization_id: string, name: string, retention_days: number }>(SHORT_QUEUES, [getConfig().retentionDays])
  for (const queue of rows) {
    for (let batch = 0; batch < BATCHES; batch++) {
      const old = await pool('engine').query<{ id: string }>(OLD_JOBS, [queue.organization_id, queue.name, queue.retention_days, BATCH])
      await deleteEnded(queue.organization_id, old.rows.map(row => row.id))
      if (old.rows.length < BATCH) break
    }
  }
}

/** Idempotency keys live outside the partitions and go when their window is over. */
export async function forgetKeys(): Promise<void> {
  await pool('engine').query(`delete from idempotency_keys where (organization_id, key) in (
    select organization_id, key from idempotency_keys where expires_at < now() order by expires_at limit 5000)`)
}
