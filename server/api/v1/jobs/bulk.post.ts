import { createJobs } from '#server/domain/jobs/create-jobs.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs/bulk', ({ caller, body }) => createJobs(caller.organizationId, body))
