import { listActions } from '#server/domain/actions/read-actions.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { nextPageHeaders } from '#server/http/next-page.ts'

export default defineRoute('GET /api/v1/job-actions', async ({ caller, query, event }) => {
  const { rows, nextCursor } = await listActions(caller.organizationId, query)
  return reply(200, rows, nextPageHeaders(event, nextCursor))
})
