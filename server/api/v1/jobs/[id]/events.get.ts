import { readTimeline } from '#server/domain/jobs/read-timeline.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id/events', ({ caller, params }) => readTimeline(caller.organizationId, params.id))
