import { getJob } from '#server/domain/jobs/get-job.ts'
import { toBespinJob } from '#server/domain/jobs/present-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/jobs/:id', async ({ caller, params }) => toBespinJob(await getJob(caller.organizationId, params.id)))
