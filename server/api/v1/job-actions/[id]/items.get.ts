import { listItems } from '#server/domain/actions/read-actions.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { nextPageHeaders } from '#server/http/next-page.ts'

export default defineRoute('GET /api/v1/job-actions/:id/items', async ({ caller, params, query, event }) => {
  const { rows, nextCursor } = await listItems(caller.organizationId, params.id, query)
  return reply(200, rows, nextPageHeaders(event, nextCursor))
})
