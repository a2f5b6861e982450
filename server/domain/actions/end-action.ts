import { AppError } from '#server/domain/app-error.ts'
import { newId } from '#server/infra/new-id.ts'
import { undoUntil } from '#server/domain/actions/present-action.ts'
import { findAction, getAction } from '#server/domain/actions/read-actions.ts'
import { abortRow, insertAction, type ActionRow } from '#server/domain/actions/store.ts'
import { ACTION_RATE } from '#shared/job-actions.ts'
import type { JobAction } from '#shared/schemas/action.ts'

interface Asked { organizationId: string, id: string, actor: string, reason?: string }

/** Stops an action where it is: what is done stays done, the rest stays as it was. Throws NOT_FOUND, and CONFLICT for one that is over. */
export async function abortAction(asked: Asked): Promise<JobAction> {
  const isAborted = await abortRow(asked)
  const row = await findAction(asked.organizationId, asked.id)
  if (!isAborted) throw new AppError('CONFLICT', `The action ${asked.id} is over (${row.state}); there is nothing to abort.`)
  return getAction(asked.organizationId, asked.id)
}

/** Takes an action back by another one, as quickly as actions may go, as far as its jobs are still as it left them. Throws NOT_FOUND, and CONFLICT when it cannot be taken back. */
export async function undoAction({ organizationId, id: undoes, actor, reason }: Asked): Promise<JobAction> {
  const row = await findAction(organizationId, undoes)
  const reasonAgainst = whyNotUndone(row)
  if (reasonAgainst !== null) throw new AppError('CONFLICT', reasonAgainst)
  const id = newId()
  const isFirst = await insertAction({
    id, organizationId, action: 'undo', undoes, state: 'gathering', actor, reason, rate: ACTION_RATE.max, matched: row.done, isExact: true, ids: [],
  })
  if (!isFirst) throw new AppError('CONFLICT', 'Somebody takes this action back already.')
  return getAction(organizationId, id)
}

function whyNotUndone(row: ActionRow): string | null {
  if (row.undoneBy !== null) return `This action was taken back already, by the action ${row.undoneBy}.`
  if (row.action === 'purge') return 'Purged jobs are gone for good; a purge cannot be taken back.'
  if (row.action === 'undo') return 'An undo is not taken back itself; start a new action instead.'
  if (row.state !== 'completed' && row.state !== 'aborted') return 'This action is not over. Abort it first, then take back what it has done.'
  const until = undoUntil(row)
  if (until === null) return 'This action changed nothing; there is nothing to take back.'
  return until.getTime() > Date.now() ? null : `This action ended more than an hour ago (${row.endedAt!.toISOString()}); it cannot be taken back any more.`
}
