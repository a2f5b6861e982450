import { readPublicStatus } from '#server/domain/code/read-runtimes.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/public/status', ({ caller }) => readPublicStatus(caller.organizationId))
