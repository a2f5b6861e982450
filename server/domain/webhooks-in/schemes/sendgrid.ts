import { createVerify } from 'node:crypto'
import { asName, field, requiredHeader } from './header-lines.ts'
import { hashOf } from './hmac-match.ts'
import { isPublicKeyText, readPublicKey } from './sendgrid-key.ts'
import { checkTimestamp } from './timestamp-window.ts'
import { refuse, type CheckOptions, type Identity, type Refused, type WebhookScheme } from './webhook-scheme.ts'

const SIGNATURE = 'x-twilio-email-event-webhook-signature'
const TIMESTAMP = 'x-twilio-email-event-webhook-timestamp'
/** Base64 of a DER signature for P-256, which has at most 72 bytes. */
const MAX_SIGNATURE_CHARACTERS = 96
/** SendGrid repeats a refused batch for a day, and nothing says that it stamps it anew: anything younger is taken. */
const PAST_SECONDS = 86_399
const FUTURE_SECONDS = 300

function readKeys(secrets: readonly string[], signature: string) {
  const texts = secrets.filter(isPublicKeyText)
  const keys = texts.map(readPublicKey).filter((key) => key !== null)
  if (keys.length > 0) return { ok: true as const, keys }
  return refuse('mismatch', signature, texts.length > 0
    ? 'The secret of this source looks like a public key but is not a whole P-256 one. Copy the verification key from SendGrid again.'
    : "The delivery is signed with SendGrid's key pair, but the secret of this source is no public key. Set it to the verification key shown at SendGrid.")
}

function readHeaders(rawHeaders: readonly string[]): { ok: true; signature: string; timestamp: string } | Refused {
  const header = requiredHeader({ rawHeaders, name: SIGNATURE, missing: 'The header X-Twilio-Email-Event-Webhook-Signature is missing. Turn on the signed event webhook at SendGrid.' })
  if (!header.ok) return header
  const stamp = requiredHeader({ rawHeaders, name: TIMESTAMP, missing: 'The header X-Twilio-Email-Event-Webhook-Timestamp is missing.' })
  if (!stamp.ok) return { ...stamp, signature: header.value }
  return { ok: true, signature: header.value, timestamp: stamp.value }
}

function check({ request, secrets, toleranceSeconds }: CheckOptions) {
  const headers = readHeaders(request.rawHeaders)
  if (!headers.ok) return headers
  const { signature, timestamp } = headers
  const found = readKeys(secrets, signature)
  if (!found.ok) return found
  const past = toleranceSeconds ?? PAST_SECONDS
  const late = checkTimestamp({ text: timestamp, now: request.now, past, future: Math.min(past, FUTURE_SECONDS), signature })
  if (late) return late
  const der = Buffer.from(signature, 'base64')
  // Node's decoder passes over what is not base64; only the one canonical text is taken.
  if (signature.length > MAX_SIGNATURE_CHARACTERS || der.toString('base64') !== signature) {
    return refuse('mismatch', signature, 'The header X-Twilio-Email-Event-Webhook-Signature is not an ECDSA signature in base64.')
  }
  const matched = found.keys.some((key) =>
    createVerify('sha256').update(timestamp).update(request.body).verify({ key, dsaEncoding: 'der' }, der))
  if (!matched) {
    return refuse('mismatch', signature, 'The signature does not match the body. Compare the secret of this source with the verification key shown at SendGrid.')
  }
  return { ok: true as const, signature, signedHash: hashOf({ prefix: timestamp, body: request.body }) }
}

/** A batch is named after its events when they are all alike, else `batch`; a batch of one has that event's id. */
function identify({ value }: { value: unknown }): Identity {
  if (!Array.isArray(value)) return { event: null, providerId: null }
  const elements: unknown[] = value
  const [first] = elements
  const event = asName(field(first, 'event'))
  const alike = elements.every((element) => field(element, 'event') === event)
  return {
    event: event !== null && alike ? event : 'batch',
    providerId: elements.length === 1 ? asName(field(first, 'sg_event_id')) : null,
  }
}

/**
 * SendGrid's event webhook: ECDSA P-256 over `<timestamp><raw body>`, base64 of DER, with the public key that SendGrid
 * shows as the source's secret (node:crypto; the sender's own library rests on one with a history of forged signatures).
 * A secret that is no key makes this source an ordinary HMAC one, through the generic header.
 * https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export const sendgrid: WebhookScheme = {
  signatureHeaders: [SIGNATURE],
  check,
  identify,
  genericSecrets: (secrets) => secrets.filter((secret) => !isPublicKeyText(secret)),
}
