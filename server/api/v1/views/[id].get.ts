import { getView } from '#server/domain/searches/saved-views.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/views/:id', ({ caller, params }) => getView(caller.organizationId, params.id))
