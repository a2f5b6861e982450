import { retryError } from '#server/domain/errors/operate-error.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/errors/:id/retry', ({ caller, params, body }) =>
  retryError({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason }))
