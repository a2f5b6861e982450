import { changeJobPriority } from '#server/domain/jobs/operate-job.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('PUT /api/v1/jobs/:id/priority', ({ caller, params, body }) =>
  changeJobPriority({ organizationId: caller.organizationId, actor: caller.actor, id: params.id, ...body }))
