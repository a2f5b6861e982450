import { findExpiries, findTimers } from '#server/domain/engine/find-upcoming.ts'
import { findStatuses } from '#server/domain/jobs/store.ts'
import { isFinal, type JobState } from '#shared/job-states.ts'
import type { Upcoming } from '#shared/schemas/system.ts'

/**
 * What happens by itself next in an organization, soonest first: scheduled jobs and retries that become due, and jobs that
 * expire before they started. Of one queue: those among the organization's next five thousand of each.
 */
export async function readUpcoming(organizationId: string, { limit, queue_name: queueName }: { limit: number, queue_name?: string }): Promise<Upcoming[]> {
  const [timers, expiries] = await Promise.all([findTimers({ organizationId, queueName, limit }), findExpiries({ organizationId, queueName, limit })])
  const ids = [...new Set([...timers, ...expiries].map(due => due.id))]
  if (ids.length === 0) return []
  const jobs = new Map((await findStatuses(organizationId, ids)).map(job => [job.id, job]))
  const toRow = (due: { id: string, at: Date }, kindOf: (state: JobState) => Upcoming['kind'] | null): Upcoming[] => {
    const job = jobs.get(due.id)
    const kind = job && (queueName === undefined || job.queueName === queueName) ? kindOf(job.state as JobState) : null
    return job && kind ? [{ job_id: job.id, kind, at: due.at.toISOString(), queue_name: job.queueName, job_type: job.jobType }] : []
  }
  return [
    ...timers.flatMap(due => toRow(due, state => (state === 'retrying' ? 'retry' : isFinal(state) ? null : 'scheduled'))),
    // One that runs does not expire; one that ended loses its row with the next round.
    ...expiries.flatMap(due => toRow(due, state => (state === 'running' || isFinal(state) ? null : 'expiry'))),
  ].sort((a, b) => a.at < b.at ? -1 : 1).slice(0, limit)
}
