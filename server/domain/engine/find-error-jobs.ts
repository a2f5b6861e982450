/** From an error group to its jobs, by the attempts that carry it. Each look is bounded, and goes on where the last one ended. */
import { withTenantSql } from '#server/infra/database.ts'

/** How many runs one look goes through. */
const LOOKED_AT = 1000
const COUNTED = 5000
const HIGHEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const NEWEST = `
  select job_id from job_attempts where organization_id = $1 and error_group = $2 and job_id < $3 order by job_id desc limit $4`

/** A run that was final, and whether its job still lies in the dead letter for it. The look-up per row keeps the plan from reading all jobs. */
const WITH_DEAD = `
  select last.job_id, exists (
    select from jobs j where j.id = last.job_id and j.run = last.run and j.organization_id = $1 and j.failed_at is not null offset 0) as is_dead`
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

/** How many jobs lie in the dead letter whose last run failed so; `atLeast` when there were more runs than are looked at. */
export async function countDeadJobsOfError(organizationId: string, error: string): Promise<{ count: number, atLeast: boolean }> {
  const { rows } = await withTenantSql(organizationId, client => client.query<{ looked_at: number, dead: number }>(COUNT_DEAD, [organizationId, error, COUNTED]))
  const { looked_at: lookedAt = 0, dead = 0 } = rows[0] ?? {}
  return { count: dead, atLeast: lookedAt === COUNTED }
}
