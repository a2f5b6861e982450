import { changeView } from '#server/domain/searches/saved-views.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('PATCH /api/v1/views/:id', ({ caller, params, body }) => changeView({ organizationId: caller.organizationId, id: params.id, body }))
