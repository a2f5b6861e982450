import { reopenError } from '#server/domain/errors/operate-error.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/errors/:id/reopen', ({ caller, params, body }) =>
  reopenError({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason }))
