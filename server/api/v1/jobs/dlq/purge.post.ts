import { purgeDeadLetter } from '#server/domain/jobs/empty-dead-letter.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('POST /api/v1/jobs/dlq/purge', ({ caller, body }) => purgeDeadLetter(caller, body))
