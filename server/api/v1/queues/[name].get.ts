import { getQueue } from '#server/domain/queues/read-queues.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/queues/:name', ({ caller, params }) => getQueue(caller.organizationId, params.name))
