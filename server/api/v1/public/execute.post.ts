import { submitCode } from '#server/domain/code/submit-code.ts'
import { defineRoute } from '#server/http/define-route.ts'
import { waitForEnd } from '#server/http/wait-for-end.ts'

export default defineRoute('POST /api/v1/public/execute', async ({ caller: { organizationId }, body, query: { wait }, event }) => {
  const submitted = await submitCode(organizationId, body)
  if (!wait) return { data: submitted }
  return { data: await waitForEnd({ organizationId, jobId: submitted.job_id, seconds: wait, response: event.node.res }) }
})
