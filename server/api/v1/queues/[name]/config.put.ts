import { configureQueue } from '#server/domain/queues/change-queue.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('PUT /api/v1/queues/:name/config', ({ caller, params, body }) =>
  configureQueue({ organizationId: caller.organizationId, actor: caller.actor, name: params.name }, body))
