import { pauseQueue } from '#server/domain/queues/change-queue.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/queues/:name/pause', ({ caller, params, body }) =>
  pauseQueue({ organizationId: caller.organizationId, actor: caller.actor, name: params.name, reason: body.reason }))
