import { listBespinJobs } from '#server/domain/jobs/list-jobs.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/jobs', async ({ caller, query }) => {
  const { rows, nextCursor } = await listBespinJobs(caller.organizationId, query)
  return { jobs: rows, count: rows.length, next_cursor: nextCursor }
})
