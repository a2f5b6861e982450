import { muteError } from '#server/domain/errors/operate-error.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/errors/:id/mute', ({ caller, params, body }) =>
  muteError({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason }, body.until))
