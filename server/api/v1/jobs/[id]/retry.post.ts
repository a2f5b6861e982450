import { describeJob } from '#server/domain/jobs/add-waiting.ts'
import { retryJob } from '#server/domain/jobs/operate-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs/:id/retry', async ({ caller, params, body }) =>
  describeJob(await retryJob({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason })))
