import { readRuntimes } from '#server/domain/code/read-runtimes.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/v1/public/runtimes', async ({ caller }) => ({ data: await readRuntimes(caller.organizationId) }))
