import { retryWith } from '#server/domain/lineage/retry-with.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs/:id/retry-with', ({ caller, params, body }) =>
  retryWith({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, payload: body.payload, reason: body.reason }))
