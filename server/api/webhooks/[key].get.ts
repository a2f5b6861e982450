import { getReceipt } from '#server/domain/webhooks-in/list-receipts.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/webhooks/:id', ({ caller, params }) => getReceipt(caller.organizationId, params.id))
