import { retryJob } from '#server/domain/jobs/operate-job.ts'
import { toJob } from '#server/domain/jobs/present-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs/:id/retry', async ({ caller, params, body }) =>
  toJob(await retryJob({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason })))
