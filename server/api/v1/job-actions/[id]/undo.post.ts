import { undoAction } from '#server/domain/actions/end-action.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/job-actions/:id/undo', ({ caller, params, body }) =>
  undoAction({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason }))
