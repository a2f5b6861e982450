import { listQueues } from '#server/domain/queues/read-queues.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { nextPageHeaders } from '#server/http/next-page.ts'

export default defineRoute('GET /api/v1/queues', async ({ caller, query, event }) => {
  const { queues, nextCursor } = await listQueues(caller.organizationId, query)
  return reply(200, queues, nextPageHeaders(event, nextCursor))
})
