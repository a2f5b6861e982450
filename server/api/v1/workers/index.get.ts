import { listWorkers } from '#server/domain/queues/read-workers.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/workers', ({ caller }) => listWorkers(caller.organizationId))
