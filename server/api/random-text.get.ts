import { createRandomText } from '#server/domain/jobs/create-random-text.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/random-text', ({ caller, query }) => createRandomText(caller.organizationId, query))
