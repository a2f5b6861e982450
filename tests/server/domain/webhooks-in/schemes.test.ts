import { createHmac, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'
import { describeWebhookScheme, type HonestSender } from '../../../contracts/webhook-scheme.contract.ts'
import type { SchemeName } from '#server/domain/webhooks-in/schemes/scheme-table.ts'

function hmac(secret: string, text: string, body: Buffer): string {
  return createHmac('sha256', secret).update(text).update(body).digest('hex')
}

const keyPairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>()
function keyPairFor(seed: string) {
  const pair = keyPairs.get(seed) ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  keyPairs.set(seed, pair)
  return pair
}

const senders: Record<SchemeName, HonestSender> = {
  generic: {
    window: null,
    pair: (secret) => ({ secret, sign: ({ body }) => ({ 'X-Webhook-Signature': hmac(secret, '', body) }) }),
  },
  github: {
    window: null,
    pair: (secret) => ({ secret, sign: ({ body }) => ({ 'X-Hub-Signature-256': `sha256=${hmac(secret, '', body)}` }) }),
  },
  stripe: {
    window: { past: 300, future: 300 },
    pair: (secret) => ({ secret, sign: ({ body, now }) => ({ 'Stripe-Signature': `t=${now},v1=${hmac(secret, `${now}.`, body)}` }) }),
  },
  sendgrid: {
    window: { past: 86_399, future: 300 },
    pair(seed) {
      const { publicKey, privateKey } = keyPairFor(seed)
      return {
        secret: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
        sign: ({ body, now }) => ({
          'X-Twilio-Email-Event-Webhook-Signature': signBytes('sha256', Buffer.concat([Buffer.from(String(now)), body]), privateKey).toString('base64'),
          'X-Twilio-Email-Event-Webhook-Timestamp': String(now),
        }),
      }
    },
  },
}

for (const [name, sender] of Object.entries(senders) as [SchemeName, HonestSender][]) describeWebhookScheme({ name, sender })
