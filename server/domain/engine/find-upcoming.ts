import { pool, withTenant } from '#server/infra/database.ts'

export interface Due { id: string, at: Date }
export interface DueFilter { organizationId: string, queueName?: string, limit: number }

/** Rows of one organization that are read for those of one queue: timers have no index by queue. */
const LOOK_THROUGH = 5000
/** Expiries are kept for all organizations together; so many of the next are looked through for those of one. */
const EXPIRIES = 1000

/** The next jobs with a time in the waiting room: scheduled ones and retries. */
export function findTimers({ organizationId, queueName, limit }: DueFilter): Promise<Due[]> {
  return withTenant(organizationId, tx => tx.$queryRaw<Due[]>`
    select job_id as id, due_at as at from (
      select job_id, due_at, queue_name from due_jobs where organization_id = ${organizationId}::uuid and due_at is not null order by due_at limit ${LOOK_THROUGH}
    ) as next where queue_name = coalesce(${queueName ?? null}::text, queue_name) order by due_at limit ${limit}`)
}

/** The next jobs that would expire, of the next thousand of all organizations; whoever asks reads only those that are the caller's. */
export async function findExpiries(): Promise<Due[]> {
  const { rows } = await pool('engine').query<Due>('select job_id as id, expires_at as at from job_expiries order by expires_at limit $1', [EXPIRIES])
  return rows
}
