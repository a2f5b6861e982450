import { getAction } from '#server/domain/actions/read-actions.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/job-actions/:id', ({ caller, params }) => getAction(caller.organizationId, params.id))
