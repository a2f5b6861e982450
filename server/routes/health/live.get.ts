import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /health/live', () => ({ live: true as const }))
