import { AppError } from '#server/domain/app-error.ts'
import { presentExecution, presentListed } from '#server/domain/code/present-execution.ts'
import { findExecutionRow, listExecutionRows } from '#server/domain/code/store.ts'
import { countByName } from '#server/domain/jobs/count-jobs.ts'
import { cursorId, toPage } from '#server/domain/page.ts'
import type { Execution, ExecutionList } from '#shared/schemas/execution.ts'
import { Id } from '#shared/schemas/primitives.ts'

/** One execution. Throws NOT_FOUND, also for another organization's job, a job that runs no code, and an id that is none. */
export async function getExecution(organizationId: string, jobId: string): Promise<Execution> {
  const id = Id.safeParse(jobId)
  const row = id.success ? await findExecutionRow(organizationId, id.data) : undefined
  if (!row) throw new AppError('NOT_FOUND', `There is no code execution ${jobId.slice(0, 100)}. Check the id; finished jobs are kept only for a time.`)
  return presentExecution(row)
}

/** A page of executions, newest first. Throws VALIDATION_ERROR for a cursor that no list answered. */
export async function listExecutions(organizationId: string, { limit, offset = 0, cursor }: { limit: number, offset?: number, cursor?: string }): Promise<ExecutionList> {
  const [rows, counts] = await Promise.all([
    listExecutionRows(organizationId, { before: cursorId(cursor), offset, take: limit + 1 }),
    countByName(organizationId, 'type'),
  ])
  const page = toPage(rows, limit)
  return {
    data: page.rows.map(presentListed),
    pagination: { total: counts.get('code-execution') ?? 0, limit, offset, count: page.rows.length, next_cursor: page.nextCursor },
  }
}
