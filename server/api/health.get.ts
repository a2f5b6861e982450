import { readHealth } from '#server/domain/engine/read-health.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('GET /api/health', async () => {
  const health = await readHealth()
  return reply(health.database ? 200 : 503, health)
})
