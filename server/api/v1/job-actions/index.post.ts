import { previewAction, startAction } from '#server/domain/actions/start-action.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/job-actions', async ({ caller, body }) =>
  body.dry_run ? reply(200, await previewAction(caller, body)) : reply(202, await startAction(caller, body)))
