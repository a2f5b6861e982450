import { getError } from '#server/domain/errors/get-error.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/errors/:id', ({ caller, params, query }) => getError(caller.organizationId, params.id, query))
