import { readQueueStats } from '#server/domain/queues/read-queue-stats.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/queues/:name/stats', ({ caller, params }) => readQueueStats(caller.organizationId, params.name))
