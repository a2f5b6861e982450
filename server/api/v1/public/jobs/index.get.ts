import { listExecutions } from '#server/domain/code/read-executions.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { nextPageHeaders } from '#server/http/next-page.ts'

export default defineRoute('GET /api/v1/public/jobs', async ({ caller, query, event }) => {
  const page = await listExecutions(caller.organizationId, query)
  return reply(200, page, nextPageHeaders(event, page.pagination.next_cursor))
})
