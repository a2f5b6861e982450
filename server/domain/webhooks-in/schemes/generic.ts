import { asName, field, headerLines, requiredHeader, singleHeader } from './header-lines.ts'
import { hashOf, HEX_SHA256, hmacMatches } from './hmac-match.ts'
import { refuse, type WebhookScheme } from './webhook-scheme.ts'

const HEADERS = ['x-webhook-signature', 'x-signature'] as const

/**
 * The scheme for user-defined senders: lower-case hex HMAC-SHA256 of the raw body, bare or after `sha256=`.
 * It signs no time and no id, so repeats are told by the body alone (contract section 6).
 */
export const generic: WebhookScheme = {
  signatureHeaders: HEADERS,
  check({ request, secrets }) {
    const name = HEADERS.find((header) => headerLines(request.rawHeaders, header).length > 0) ?? HEADERS[0]
    const header = requiredHeader({ rawHeaders: request.rawHeaders, name, missing: 'The header X-Webhook-Signature is missing.' })
    if (!header.ok) return header
    const signature = header.value
    const hex = signature.startsWith('sha256=') ? signature.slice('sha256='.length) : signature
    if (!HEX_SHA256.test(hex)) {
      return refuse('mismatch', signature, `The header ${name} is not an HMAC-SHA256 of the body in lower-case hex (64 digits, "sha256=" before it allowed).`)
    }
    const content = { body: request.body }
    if (!hmacMatches({ secrets, content, signatures: [hex] })) {
      return refuse('mismatch', signature, 'The signature does not match the body: it was made with another secret, or the body was changed on the way.')
    }
    return { ok: true, signature, signedHash: hashOf(content) }
  },
  identify({ rawHeaders, value }) {
    const event = asName(field(value, 'event'))
      ?? asName(singleHeader(rawHeaders, 'x-webhook-event'))
      ?? asName(singleHeader(rawHeaders, 'x-event-type'))
    return { event, providerId: null }
  },
}
