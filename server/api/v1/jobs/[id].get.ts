import { getJob } from '#server/domain/jobs/get-job.ts'
import { toJob } from '#server/domain/jobs/present-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id', async ({ caller, params }) => toJob(await getJob(caller.organizationId, params.id)))
