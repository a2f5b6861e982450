import { describeJob } from '#server/domain/jobs/add-waiting.ts'
import { runJobNow } from '#server/domain/jobs/operate-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs/:id/run-now', async ({ caller, params, body }) =>
  describeJob(await runJobNow({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, reason: body.reason })))
