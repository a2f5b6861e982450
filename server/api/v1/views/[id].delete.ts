import { removeView } from '#server/domain/searches/saved-views.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('DELETE /api/v1/views/:id', ({ caller, params }) => removeView(caller.organizationId, params.id))
