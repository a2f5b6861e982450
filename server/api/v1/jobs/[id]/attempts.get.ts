import { readAttempts } from '#server/domain/jobs/read-attempts.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id/attempts', ({ caller, params, query }) => readAttempts(caller.organizationId, params.id, query))
