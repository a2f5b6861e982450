import { readSeries } from '#server/domain/jobs/read-series.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/series', ({ caller, query }) => readSeries(caller.organizationId, query))
