import { compareRuns } from '#server/domain/lineage/compare-runs.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id/compare', ({ caller, params, query }) => compareRuns(caller.organizationId, params.id, query))
