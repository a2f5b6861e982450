import { unmuteError } from '#server/domain/errors/operate-error.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/errors/:id/unmute', ({ caller, params, body }) =>
  unmuteError({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason }))
