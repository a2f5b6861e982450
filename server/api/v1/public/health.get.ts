import { readPublicHealth } from '#server/domain/engine/read-public-health.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/public/health', () => readPublicHealth())
