import { getJobFacts } from '#server/domain/jobs/get-job.ts'
import { listLogRows } from '#server/domain/jobs/store.ts'
import type { ListLogsQuery, LogLine } from '#shared/schemas/event.ts'

/** What the runs of a job logged, oldest first, and the mark (`run:line`) to go on after. Throws NOT_FOUND. */
export async function readLogs(organizationId: string, id: string, query: ListLogsQuery): Promise<{ lines: LogLine[], next: string | null }> {
  await getJobFacts(organizationId, id)
  const [run = 0, line = 0] = query.after?.split(':').map(Number) ?? []
  const rows = await listLogRows({ organizationId, id, run: query.run, after: { run, line }, take: query.limit + 1 })
  const lines = rows.slice(0, query.limit).map(row => ({ run: row.run, line: row.line, at: row.at.toISOString(), text: row.text }))
  const last = lines.at(-1)
  return { lines, next: last && rows.length > query.limit ? `${last.run}:${last.line}` : null }
}
