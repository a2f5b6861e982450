import { readUpcoming } from '#server/domain/jobs/read-upcoming.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/upcoming', ({ caller, query }) => readUpcoming(caller.organizationId, query))
