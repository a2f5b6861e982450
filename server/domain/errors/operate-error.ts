import { startAction } from '#server/domain/actions/start-action.ts'
import { findGroup, getErrorSummary } from '#server/domain/errors/get-error.ts'
import { changeGroup, type GroupAction } from '#server/domain/errors/store.ts'
import { JobActionBody, type JobAction } from '#shared/schemas/action.ts'
import type { ErrorGroupSummary } from '#shared/schemas/error-group.ts'

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

/** Begins to run every job again that a group left in the dead letter until now, as an action on many jobs. Throws NOT_FOUND, and CONFLICT for the group of other errors. */
export async function retryError({ organizationId, id, actor, reason }: GroupAction): Promise<JobAction> {
  await findGroup(organizationId, id)
  return startAction({ organizationId, actor }, JobActionBody.parse({ action: 'retry', filter: { error_group: id, state: ['failed'] }, reason }))
}
