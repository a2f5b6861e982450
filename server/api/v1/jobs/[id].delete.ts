import { cancelJob } from '#server/domain/jobs/operate-job.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('DELETE /api/v1/jobs/:id', async ({ caller, params, query, body }) => {
  await cancelJob({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason ?? query.reason })
  return reply(204, null)
})
