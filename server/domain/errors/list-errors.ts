import { AppError } from '#server/domain/app-error.ts'
import { presentGroups } from '#server/domain/errors/present-error.ts'
import { countByGroupState, listGroupRows, type GroupRow } from '#server/domain/errors/store.ts'
import { ERROR_GROUP_STATES, type ErrorGroupList, type ErrorGroupState, type ListErrorsQuery } from '#shared/schemas/error-group.ts'
import { Id } from '#shared/schemas/primitives.ts'

/** A page of error groups, last seen first. A group that fails while somebody pages moves to the front. */
export async function listErrors(organizationId: string, query: ListErrorsQuery): Promise<ErrorGroupList> {
  const [rows, counts] = await Promise.all([
    listGroupRows(organizationId, {
      states: query.state ?? null, queueName: query.queue_name ?? query.queue ?? null, jobType: query.job_type ?? query.type ?? null, text: query.q ?? null,
      before: toPlace(query.cursor), take: query.limit + 1,
    }),
    countByGroupState(organizationId),
  ])
  const page = rows.slice(0, query.limit)
  return {
    errors: await presentGroups(organizationId, page),
    counts: Object.fromEntries(ERROR_GROUP_STATES.map(state => [state, counts.get(state) ?? 0])) as Record<ErrorGroupState, number>,
    next_cursor: rows.length > query.limit ? toCursor(page.at(-1)!) : null,
  }
}

const toCursor = ({ last_seen: at, id }: GroupRow): string => `${at.getTime()}.${id}`

/** Throws VALIDATION_ERROR for what is no cursor of this list. */
function toPlace(cursor: string | undefined): { at: Date, id: string } | null {
  if (cursor === undefined) return null
  const [, milliseconds = '', id = ''] = /^(\d{1,15})\.(.+)$/.exec(cursor) ?? []
  if (milliseconds !== '' && Id.safeParse(id).success) return { at: new Date(Number(milliseconds)), id }
  throw new AppError('VALIDATION_ERROR', 'cursor is not one that this list answered: hand back next_cursor as it was.', {
    details: [{ field: 'cursor', message: 'is not one that this list answered', code: 'invalid_cursor' }],
  })
}
