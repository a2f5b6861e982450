import { defineRoute } from '#server/http/define-route.ts'
import { waitForEnd } from '#server/http/wait-for-end.ts'

export default defineRoute('GET /api/v1/public/jobs/:job_id', async ({ caller: { organizationId }, params, query: { wait = 0 }, event }) => ({
  data: await waitForEnd({ organizationId, jobId: params.job_id, seconds: wait, response: event.node.res }),
}))
