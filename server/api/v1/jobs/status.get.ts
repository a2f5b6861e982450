import { readStatuses } from '#server/domain/jobs/read-statuses.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/status', ({ caller, query }) => readStatuses(caller.organizationId, query.ids))
