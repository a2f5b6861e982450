import { listReceipts } from '#server/domain/webhooks-in/list-receipts.ts'
import { defineRoute } from '#server/http/define-route.ts'

export default defineRoute('GET /api/webhooks', async ({ caller, query }) => {
  const { rows, nextCursor } = await listReceipts(caller.organizationId, query)
  return { webhooks: rows, count: rows.length, next_cursor: nextCursor }
})
