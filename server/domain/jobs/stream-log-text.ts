import { getJobFacts } from '#server/domain/jobs/get-job.ts'
import { listLogRows } from '#server/domain/jobs/store.ts'

const PAGE = 1000

/** The log of a job as text, a page of lines at a time: time, run (when of all) and what was said. Throws NOT_FOUND before the first page. */
export async function openLogText(organizationId: string, id: string, run?: number): Promise<AsyncGenerator<string>> {
  await getJobFacts(organizationId, id)
  return pagesOf(organizationId, id, run)
}

async function* pagesOf(organizationId: string, id: string, run?: number): AsyncGenerator<string> {
  for (let after = { run: 0, line: 0 }, isMore = true; isMore;) {
    const rows = await listLogRows({ organizationId, id, run, after, take: PAGE })
    const last = rows.at(-1)
    isMore = rows.length === PAGE
    if (last === undefined) return
    after = { run: last.run, line: last.line }
    yield rows.map(row => `${row.at.toISOString()} ${run === undefined ? `run ${row.run}  ` : ''}${row.text}\n`).join('')
  }
}
