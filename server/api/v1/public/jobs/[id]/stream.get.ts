import { defineRoute } from '#server/http/define-route.ts'
import { streamExecution } from '#server/http/stream-execution.ts'

export default defineRoute('GET /api/v1/public/jobs/:job_id/stream', async ({ caller: { organizationId }, params, event }) => {
  await streamExecution({ organizationId, jobId: params.job_id, response: event.node.res })
  return undefined
})
