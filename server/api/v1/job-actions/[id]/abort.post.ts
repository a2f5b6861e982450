import { abortAction } from '#server/domain/actions/end-action.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/job-actions/:id/abort', ({ caller, params, body }) =>
  abortAction({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason }))
