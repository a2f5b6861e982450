import { checkJobService } from '#server/domain/engine/read-health.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/jobs/test', async () => {
  await checkJobService()
  return { message: 'The job service reaches the database and the belt.', timestamp: new Date().toISOString() }
})
