import { listDeadLetter } from '#server/domain/jobs/list-jobs.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { nextPageHeaders } from '#server/http/next-page.ts'

export default defineRoute('GET /api/v1/jobs/dlq', async ({ caller, query, event }) => {
  const { rows, nextCursor } = await listDeadLetter(caller.organizationId, query)
  return reply(200, rows, nextPageHeaders(event, nextCursor))
})
