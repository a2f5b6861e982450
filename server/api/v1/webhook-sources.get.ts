import { listSources } from '#server/domain/webhooks-in/sources.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/webhook-sources', () => listSources())
