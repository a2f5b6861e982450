import { withTenant } from '#server/infra/database.ts'

export interface Due { id: string, at: Date }
export interface DueFilter { organizationId: string, queueName?: string, limit: number }

/** Rows of one organization that are read for those of one queue, or for those that still wait: neither has an index by it. */
const LOOK_THROUGH = 5000

/** The next jobs with a time in the waiting room: scheduled ones and retries. */
export function findTimers({ organizationId, queueName, limit }: DueFilter): Promise<Due[]> {
  return withTenant(organizationId, tx => tx.$queryRaw<Due[]>`
    select job_id as id, due_at as at from (
      select job_id, due_at, queue_name from due_jobs where organization_id = ${organizationId}::uuid and due_at is not null order by due_at limit ${LOOK_THROUGH}
    ) as next where queue_name = coalesce(${queueName ?? null}::text, queue_name) order by due_at limit ${limit}`)
}

/**
 * The next jobs that would expire. One that runs does not, but keeps its row until it ends; one that ended loses it with the
 * next round. Rows are read in order until enough are found, each with its job: the offset keeps it at that.
 */
export function findExpiries({ organizationId, queueName, limit }: DueFilter): Promise<Due[]> {
  return withTenant(organizationId, tx => tx.$queryRaw<Due[]>`
    select job_id as id, expires_at as at from (
      select job_id, expires_at from job_expiries where organization_id = ${organizationId}::uuid order by expires_at limit ${LOOK_THROUGH}
    ) as next where exists (
      select from jobs j where j.id = next.job_id and j.organization_id = ${organizationId}::uuid and j.state in ('scheduled', 'blocked', 'pending', 'retrying')
        and j.queue_name = coalesce(${queueName ?? null}::text, j.queue_name) offset 0
    ) order by expires_at limit ${limit}`)
}
