import { cancelJob } from '#server/domain/jobs/operate-job.ts'
import { toJob } from '#server/domain/jobs/present-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs/:id/cancel', async ({ caller, params, body }) =>
  toJob(await cancelJob({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason })))
