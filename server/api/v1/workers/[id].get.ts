import { getWorker } from '#server/domain/queues/read-workers.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/workers/:id', ({ caller, params }) => getWorker(caller.organizationId, params.id))
