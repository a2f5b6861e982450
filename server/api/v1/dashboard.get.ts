import { readDashboard } from '#server/domain/jobs/read-dashboard.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/dashboard', ({ caller }) => readDashboard(caller.organizationId))
