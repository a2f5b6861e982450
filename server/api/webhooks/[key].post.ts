import { receiveWebhook, requireSource } from '#server/domain/webhooks-in/receive-webhook.ts'
import { defineRoute, reply } from '#server/http/define-route.ts'
import { readRawBody } from '#server/http/raw-body.ts'

export default defineRoute('POST /api/webhooks/:source', async ({ params, event }) => {
  const source = requireSource(params.source)
  const body = await readRawBody(event.node.req, source.maxBodyBytes)
  const receipt = await receiveWebhook({ source, rawHeaders: event.node.req.rawHeaders, body, now: new Date() })
  return reply(receipt.repeats === undefined ? 202 : 200, receipt)
})
