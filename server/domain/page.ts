import { AppError } from '#server/domain/app-error.ts'
import { Id } from '#shared/schemas/primitives.ts'

/** A page of a list, and the mark of the next one. */
export interface Page<T> { rows: T[], nextCursor: string | null }

/** Cuts the one row too many that says whether there is a next page. */
export function toPage<T extends { id: string }>(rows: T[], limit: number): Page<T> {
  const page = rows.slice(0, limit)
  return { rows: page, nextCursor: rows.length > limit ? page.at(-1)!.id : null }
}

/** The id in a cursor; ids grow with time, so the last id of a page is the mark of the next. Throws VALIDATION_ERROR. */
export function cursorId(cursor: string | undefined): string | undefined {
  if (cursor === undefined || Id.safeParse(cursor).success) return cursor
  throw new AppError('VALIDATION_ERROR', 'cursor is not one that a list answered: hand back next_cursor as it was.', {
    details: [{ field: 'cursor', message: 'is not one that a list answered', code: 'invalid_cursor' }],
  })
}
