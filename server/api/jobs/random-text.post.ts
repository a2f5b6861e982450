import { createRandomText } from '#server/domain/jobs/create-random-text.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/jobs/random-text', ({ caller, query, body }) => createRandomText(caller.organizationId, { ...query, ...body }))
