import { listErrors } from '#server/domain/errors/list-errors.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { nextPageHeaders } from '#server/http/next-page.ts'

export default defineRoute('GET /api/v1/errors', async ({ caller, query, event }) => {
  const list = await listErrors(caller.organizationId, query)
  return reply(200, list, nextPageHeaders(event, list.next_cursor))
})
