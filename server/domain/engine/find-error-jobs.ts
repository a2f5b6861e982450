/** From an error group to its jobs, by the attempts that carry it. Each look is bounded, and goes on where the last one ended. */
import { withTenantSql } from '#server/infra/database.ts'

/** How many runs one look goes through. */
const LOOKED_AT = 1000
const COUNTED = 5000
const LOWEST = '00000000-0000-0000-0000-000000000000'
const HIGHEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const NEWEST = `
  select job_id from job_attempts where organization_id = $1 and error_group = $2 and job_id < $3 order by job_id desc limit $4`

/** A run that was final, and whether its job still lies in the dead letter for it. The look-up per row keeps the plan from reading all jobs. */
const WITH_DEAD = `
  select last.job_id, exists (
    select from jobs j where j.id = last.job_id and j.run = last.run and j.organization_id = $1 and j.failed_at is not null offset 0) as is_dead`
const OLDEST_DEAD = `${WITH_DEAD}
  from (select job_id, run from job_attempts where organization_id = $1 and error_group = $2 and dead and job_id > $3 and finished_at <= $4 order by job_id limit $5) as last
  order by last.job_id`
const COUNT_DEAD = `
  select count(*)::int as looked_at, count(*) filter (where is_dead)::int as dead from (${WITH_DEAD}
    from (select job_id, run from job_attempts where organization_id = $1 and error_group = $2 and dead order by job_id desc limit $3) as last) as looked`

/** Newest jobs with a run that failed so, only ids below `before`; and the id up to which was looked when there may be older ones. */
export async function jobsOfError(options: { organizationId: string, error: string, before?: string }): Promise<{ ids: string[], lookedUntil: string | null }> {
  const { organizationId, error, before = HIGHEST } = options
  const { rows } = await withTenantSql(organizationId, client => client.query<{ job_id: string }>(NEWEST, [organizationId, error, before, LOOKED_AT]))
  const last = rows.at(-1)?.job_id ?? null
  return { ids: [...new Set(rows.map(row => row.job_id))], lookedUntil: rows.length === LOOKED_AT ? last : null }
}

export interface DeadJobsQuery { organizationId: string, error: string, after: string | null, failedBefore: Date }

/** Jobs in the dead letter whose last run failed so, oldest first, behind `after`; `next` is null when all were looked at. */
export async function deadJobsOfError({ organizationId, error, after, failedBefore }: DeadJobsQuery): Promise<{ ids: string[], next: string | null }> {
  const { rows } = await withTenantSql(organizationId, client => client.query<{ job_id: string, is_dead: boolean }>(
    OLDEST_DEAD, [organizationId, error, after ?? LOWEST, failedBefore, LOOKED_AT]))
  const ids = rows.filter(row => row.is_dead).map(row => row.job_id)
  return { ids, next: rows.length === LOOKED_AT ? rows.at(-1)!.job_id : null }
}

/** How many there are; `atLeast` when there were more runs than are looked at. */
export async function countDeadJobsOfError(organizationId: string, error: string): Promise<{ count: number, atLeast: boolean }> {
  const { rows } = await withTenantSql(organizationId, client => client.query<{ looked_at: number, dead: number }>(COUNT_DEAD, [organizationId, error, COUNTED]))
  const { looked_at: lookedAt = 0, dead = 0 } = rows[0] ?? {}
  return { count: dead, atLeast: lookedAt === COUNTED }
}
