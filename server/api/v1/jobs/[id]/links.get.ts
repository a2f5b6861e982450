import { readLinks } from '#server/domain/lineage/read-links.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/jobs/:id/links', ({ caller, params }) => readLinks(caller.organizationId, params.id))
