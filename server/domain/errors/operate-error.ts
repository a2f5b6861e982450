import { AppError } from '#server/domain/app-error.ts'
import { OTHER_GROUP } from '#server/domain/engine/error-form.ts'
import { deadJobsOfError } from '#server/domain/engine/find-error-jobs.ts'
import { retryJobs } from '#server/domain/engine/retry-jobs.ts'
import { findGroup, getErrorSummary } from '#server/domain/errors/get-error.ts'
import { changeGroup, tellGroupEvent, type GroupAction } from '#server/domain/errors/store.ts'
import type { ErrorGroupSummary, RetryErrorResult } from '#shared/schemas/error-group.ts'

/** Mutes a group until a time (RFC 3339), or for good with null; it counts on. Throws NOT_FOUND. */
export async function muteError(action: GroupAction, until: string | null): Promise<ErrorGroupSummary> {
  await findGroup(action.organizationId, action.id)
  await changeGroup(action, { to: 'muted', until }, 'error.muted')
  return getErrorSummary(action.organizationId, action.id)
}

/** Opens a muted group; any other stays as it is. Throws NOT_FOUND. */
export async function unmuteError(action: GroupAction): Promise<ErrorGroupSummary> {
  await findGroup(action.organizationId, action.id)
  await changeGroup(action, { to: 'open', from: 'muted' }, 'error.unmuted')
  return getErrorSummary(action.organizationId, action.id)
}

/** Says that a group is mended; what fails so from now on makes it regressed. One already resolved stays as it is. Throws NOT_FOUND. */
export async function resolveError(action: GroupAction): Promise<ErrorGroupSummary> {
  const { state } = await findGroup(action.organizationId, action.id)
  if (state !== 'resolved') await changeGroup(action, { to: 'resolved' }, 'error.resolved')
  return getErrorSummary(action.organizationId, action.id)
}

/** Takes a resolve back; a group that is not resolved stays as it is. Throws NOT_FOUND. */
export async function reopenError(action: GroupAction): Promise<ErrorGroupSummary> {
  await findGroup(action.organizationId, action.id)
  await changeGroup(action, { to: 'open', from: 'resolved' }, 'error.reopened')
  return getErrorSummary(action.organizationId, action.id)
}

/** How long one request goes on retrying, milliseconds; a caller goes on with the rest. */
const PATIENCE_MS = 8000

/**
 * Runs every job again that a group left in the dead letter before `failedBefore`, oldest first, as far as one request
 * may take; `complete` says whether none is left. Throws NOT_FOUND, and CONFLICT for the group of other errors.
 */
export async function retryError(action: GroupAction, failedBefore: Date, patienceMs = PATIENCE_MS): Promise<RetryErrorResult> {
  await findGroup(action.organizationId, action.id)
  if (action.id === OTHER_GROUP) throw new AppError('CONFLICT', 'These are many different errors counted together. Retry their jobs from the dead letter, by queue.')
  const { organizationId, id: error, actor, reason } = action
  const deadline = performance.now() + patienceMs
  let retried = 0
  let after: string | null = null
  do {
    const part = await deadJobsOfError({ organizationId, error, after, failedBefore })
    retried += (await retryJobs({ organizationId, ids: part.ids, actor, reason })).length
    after = part.next
  } while (after !== null && performance.now() < deadline)
  if (retried > 0) await tellGroupEvent(action, 'error.retried', { jobs: retried })
  return { retried_count: retried, complete: after === null, failed_before: failedBefore.toISOString() }
}
