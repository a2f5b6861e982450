import { deleteQueue } from '#server/domain/queues/change-queue.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('DELETE /api/v1/queues/:name', async ({ caller, params, query }) => {
  await deleteQueue({ organizationId: caller.organizationId, actor: caller.actor, name: params.name, reason: query.reason })
  return reply(204, null)
})
