import { createCodeExecution } from '#server/domain/code/submit-code.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/jobs/code-execution', ({ caller, body }) => createCodeExecution(caller.organizationId, body))
