import { resumeWorker } from '#server/domain/queues/operate-worker.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/workers/:id/resume', ({ caller, params, body }) =>
  resumeWorker({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason }))
