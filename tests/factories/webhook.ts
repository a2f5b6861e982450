import { createHmac } from 'node:crypto'

export interface SignedWebhook { headers: Record<string, string>, body: string | Buffer }
const hmac = (secret: string, ...parts: (string | Buffer)[]) => parts.reduce((mac, part) => mac.update(part), createHmac('sha256', secret)).digest('hex')

let sent = 0
/** A body that no other test sends: repeats of a body are recognised. */
export const uniqueBody = (fields: Record<string, unknown> = {}) => JSON.stringify({ event: 'test.ping', number: ++sent, at: process.hrtime.bigint().toString(), ...fields })

/** The generic scheme: a bare hex HMAC of the body. */
export const genericWebhook = ({ body = uniqueBody(), secret = 'test-secret', headers = {} }: { body?: string | Buffer, secret?: string, headers?: Record<string, string> } = {}): SignedWebhook => ({
  body, headers: { 'content-type': 'application/json', 'x-webhook-signature': hmac(secret, body), ...headers },
})

export const githubWebhook = ({ body = uniqueBody({ action: 'opened' }), secret, event = 'issues', delivery = crypto.randomUUID() }: { body?: string, secret: string, event?: string, delivery?: string }): SignedWebhook => ({
  body, headers: { 'content-type': 'application/json', 'x-github-event': event, 'x-github-delivery': delivery, 'x-hub-signature-256': `sha256=${hmac(secret, body)}` },
})

export function stripeWebhook({ body, secret, now = Math.floor(Date.now() / 1000), id = `evt_${crypto.randomUUID()}` }: { body?: string, secret: string, now?: number, id?: string }): SignedWebhook {
  const text = body ?? JSON.stringify({ id, object: 'event', type: 'invoice.paid', data: { object: {} } })
  return { body: text, headers: { 'content-type': 'application/json', 'stripe-signature': `t=${now},v1=${hmac(secret, `${now}.`, text)}` } }
}
