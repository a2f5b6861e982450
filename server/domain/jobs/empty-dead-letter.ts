import { purgeFailed } from '#server/domain/engine/purge-failed.ts'
import { retryFailed, retryJobs } from '#server/domain/engine/retry-jobs.ts'
import { findStatuses } from '#server/domain/jobs/store.ts'
import type { PurgeDeadLetterBody, RetryDeadLetterBody } from '#shared/schemas/job-action.ts'

interface Operator { organizationId: string, actor: string }

/** Runs failed jobs again: the named ones (those that are not failed stay as they are), or the oldest of a queue or of all. */
export async function retryDeadLetter({ organizationId, actor }: Operator, body: RetryDeadLetterBody) {
  const { job_ids: ids, queue_name: queueName, limit, reason } = body
  const retried = ids === undefined
    ? await retryFailed({ organizationId, queueName, limit, actor, reason })
    : await retryJobs({ organizationId, ids: await onlyFailed(organizationId, ids), actor, reason })
  return { retried_count: retried.length, retried_jobs: retried }
}

/** Deletes failed jobs for good, oldest first. */
export async function purgeDeadLetter({ organizationId, actor }: Operator, body: PurgeDeadLetterBody) {
  const { queue_name: queueName, older_than: olderThan, limit, reason } = body
  return { purged_count: await purgeFailed({ organizationId, queueName, olderThan, limit, actor, reason }) }
}

async function onlyFailed(organizationId: string, ids: string[]): Promise<string[]> {
  return (await findStatuses(organizationId, ids)).filter(row => row.state === 'failed').map(row => row.id)
}
