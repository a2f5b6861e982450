import { listJobs } from '#server/domain/jobs/list-jobs.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { nextPageHeaders } from '#server/http/next-page.ts'
import { searchHeaders } from '#server/http/search-headers.ts'

export default defineRoute('GET /api/v1/jobs', async ({ caller, query, event }) => {
  const page = await listJobs(caller.organizationId, query)
  return reply(200, page.rows, { ...nextPageHeaders(event, page.nextCursor), ...searchHeaders(page) })
})
