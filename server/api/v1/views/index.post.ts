import { createView } from '#server/domain/searches/saved-views.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/views', ({ caller, body }) => createView({ organizationId: caller.organizationId, actor: caller.actor, body }))
