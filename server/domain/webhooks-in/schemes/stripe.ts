import { asName, field, requiredHeader } from './header-lines.ts'
import { hashOf, HEX_SHA256, hmacMatches } from './hmac-match.ts'
import { checkTimestamp } from './timestamp-window.ts'
import { refuse, type Refused, type WebhookScheme } from './webhook-scheme.ts'

const HEADER = 'stripe-signature'
const WINDOW_SECONDS = 300

/** Reads `t=..,v1=..[,v1=..]` by key, in any order; unknown keys such as `v0` are passed over. */
function readHeader(signature: string): { ok: true; timestamp: string; hexes: string[] } | Refused {
  const pairs = signature.split(',').map((part) => part.trim().split(/=(.*)/s, 2))
  const valuesOf = (key: string) => pairs.filter(([name]) => name === key).map(([, value]) => value ?? '')
  const hexes = valuesOf('v1').filter((hex) => HEX_SHA256.test(hex))
  if (hexes.length === 0) return refuse('mismatch', signature, 'The header Stripe-Signature has no v1 signature of 64 lower-case hex digits.')
  const [timestamp, ...more] = valuesOf('t')
  if (timestamp === undefined || more.length > 0) {
    return refuse('malformed', signature, `The header Stripe-Signature must have one timestamp "t"; it has ${timestamp === undefined ? 'none' : more.length + 1}.`)
  }
  return { ok: true, timestamp, hexes }
}

/**
 * Stripe: `Stripe-Signature: t=..,v1=..`, HMAC-SHA256 of `<t>.<raw body>`. The key is the whole secret text,
 * `whsec_` included. While a secret is rolled there is one `v1` per active secret, and any match is enough.
 * Stricter than the official library: one `t`, digits only, and 300 s both ways (it lets future times pass).
 * https://docs.stripe.com/webhooks#verify-manually
 */
export const stripe: WebhookScheme = {
  signatureHeaders: [HEADER],
  check({ request, secrets, toleranceSeconds = WINDOW_SECONDS }) {
    const header = requiredHeader({ rawHeaders: request.rawHeaders, name: HEADER, missing: 'The header Stripe-Signature is missing.' })
    if (!header.ok) return header
    const signature = header.value
    const parts = readHeader(signature)
    if (!parts.ok) return parts
    const late = checkTimestamp({ text: parts.timestamp, now: request.now, past: toleranceSeconds, future: toleranceSeconds, signature })
    if (late) return late
    const content = { prefix: `${parts.timestamp}.`, body: request.body }
    if (!hmacMatches({ secrets, content, signatures: parts.hexes })) {
      return refuse('mismatch', signature, 'No v1 signature matches the body. Compare the secret of this source with the signing secret (whsec_...) of this endpoint at Stripe.')
    }
    return { ok: true, signature, signedHash: hashOf(content) }
  },
  identify({ value }) {
    return { event: asName(field(value, 'type')), providerId: asName(field(value, 'id')) }
  },
}
