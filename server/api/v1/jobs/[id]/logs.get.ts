import { readLogs } from '#server/domain/jobs/read-logs.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id/logs', async ({ caller, params, query }) => {
  const { lines, next } = await readLogs(caller.organizationId, params.id, query)
  return reply(200, lines, next === null ? {} : { 'x-next-cursor': next })
})
