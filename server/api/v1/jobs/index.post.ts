import { createJob } from '#server/domain/jobs/create-job.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs', async ({ caller, body }) => {
  const job = await createJob(caller.organizationId, body)
  return reply(job.created ? 201 : 200, job)
})
