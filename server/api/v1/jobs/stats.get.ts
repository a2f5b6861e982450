import { countJobs } from '#server/domain/jobs/count-jobs.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/stats', ({ caller, query }) => countJobs(caller.organizationId, query.queue_name))
