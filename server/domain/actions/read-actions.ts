import { AppError } from '#server/domain/app-error.ts'
import { cursorId, toPage, type Page } from '#server/domain/page.ts'
import { toAction, toItem } from '#server/domain/actions/present-action.ts'
import { findActionRow, listActionRows, listItemRows, type ActionRow } from '#server/domain/actions/store.ts'
import type { JobAction, JobActionItem, ListJobActionItemsQuery } from '#shared/schemas/action.ts'

/** A page of actions, newest first. */
export async function listActions(organizationId: string, query: { limit: number, cursor?: string }): Promise<Page<JobAction>> {
  return toPage((await listActionRows(organizationId, { before: cursorId(query.cursor), take: query.limit + 1 })).map(toAction), query.limit)
}

/** The row of an action. Throws NOT_FOUND. */
export async function findAction(organizationId: string, id: string): Promise<ActionRow> {
  const row = await findActionRow(organizationId, id)
  if (!row) throw new AppError('NOT_FOUND', `There is no action ${id}.`)
  return row
}

/** One action and how far it is. Throws NOT_FOUND. */
export async function getAction(organizationId: string, id: string): Promise<JobAction> {
  return toAction(await findAction(organizationId, id))
}

/** A page of an action's jobs and what became of each, in the order of their ids. Throws NOT_FOUND. */
export async function listItems(organizationId: string, id: string, query: ListJobActionItemsQuery): Promise<Page<JobActionItem>> {
  await findAction(organizationId, id)
  const rows = await listItemRows(organizationId, id, { outcome: query.outcome, jobId: query.job_id, after: cursorId(query.cursor), take: query.limit + 1 })
  const { rows: page, nextCursor } = toPage(rows.map(row => ({ ...toItem(row), id: row.jobId })), query.limit)
  return { rows: page.map(({ id: _, ...item }) => item), nextCursor }
}
