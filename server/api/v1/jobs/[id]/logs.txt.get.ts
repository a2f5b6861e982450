import { openLogText } from '#server/domain/jobs/stream-log-text.ts'
import { defineRoute, replyText } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id/logs.txt', async ({ caller, params, query }) =>
  replyText(await openLogText(caller.organizationId, params.id, query.run), `job-${params.id}${query.run === undefined ? '' : `-run-${query.run}`}.log`))
