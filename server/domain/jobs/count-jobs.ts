import { countByState } from '#server/domain/jobs/store.ts'
import { isFinal, JOB_STATES, toV1Status, type JobState } from '#shared/job-states.ts'
import type { JobStats } from '#shared/schemas/job.ts'

/** Jobs of one queue that wait for their turn and that run, and the job types they are of. */
export interface QueueCount { pending: number, processing: number, unfinished: number, jobTypes: Set<string> }

/** The same counters by queue, for every queue that has or had jobs. */
export async function countByQueue(organizationId: string): Promise<Map<string, QueueCount>> {
  const queues = new Map<string, QueueCount>()
  for (const { queueName, jobType, state, count } of await countByState(organizationId)) {
    const queue = queues.get(queueName) ?? { pending: 0, processing: 0, unfinished: 0, jobTypes: new Set() }
    queues.set(queueName, queue)
    queue.jobTypes.add(jobType)
    if (toV1Status(state) === 'pending') queue.pending += count
    if (state === 'running') queue.processing += count
    if (!isFinal(state)) queue.unfinished += count
  }
  return queues
}

/** How many jobs there are by name of the queue, or by job type. Reads counters, not jobs. */
export async function countByName(organizationId: string, by: 'queue' | 'type'): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { queueName, jobType, count } of await countByState(organizationId)) {
    const name = by === 'queue' ? queueName : jobType
    if (name !== '') counts.set(name, (counts.get(name) ?? 0) + count)
  }
  return counts
}

/** Jobs by state, in both vocabularies, of one queue or all. Reads counters, not jobs. */
export async function countJobs(organizationId: string, queueName?: string): Promise<JobStats> {
  const states = Object.fromEntries(JOB_STATES.map(state => [state, 0])) as Record<JobState, number>
  for (const row of await countByState(organizationId)) {
    if (queueName === undefined || row.queueName === queueName) states[row.state] += row.count
  }
  return toStats(states)
}

function toStats(states: Record<JobState, number>): JobStats {
  const stats: JobStats = { pending: 0, scheduled: 0, processing: 0, completed: 0, failed: 0, deadletter: 0, cancelled: 0, total: 0, states }
  for (const state of JOB_STATES) {
    stats[toV1Status(state)] += states[state]
    stats.total += states[state]
  }
  return stats
}
