import { readReadiness } from '#server/domain/engine/read-health.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('GET /health/ready', async () => {
  const readiness = await readReadiness()
  return reply(readiness.ready ? 200 : 503, readiness)
})
