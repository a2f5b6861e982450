import { removeWorker } from '#server/domain/queues/operate-worker.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('DELETE /api/v1/workers/:id', async ({ caller, params, query }) => {
  await removeWorker({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: query.reason })
  return reply(204, null)
})
