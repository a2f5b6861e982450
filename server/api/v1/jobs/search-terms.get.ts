import { listSearchTerms } from '#server/domain/searches/list-search-terms.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/search-terms', ({ caller, query }) => listSearchTerms(caller.organizationId, query))
