import { describeJob } from '#server/domain/jobs/add-waiting.ts'
import { getJob } from '#server/domain/jobs/get-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id', async ({ caller, params }) => describeJob(await getJob(caller.organizationId, params.id)))
