import { asName, headerLines, requiredHeader, singleHeader } from './header-lines.ts'
import { hashOf, HEX_SHA256, hmacMatches } from './hmac-match.ts'
import { refuse, type WebhookScheme } from './webhook-scheme.ts'

const HEADER = 'x-hub-signature-256'
const PREFIX = 'sha256='

/**
 * GitHub: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 of the raw body (of the form text, for form deliveries).
 * The SHA-1 header that GitHub still sends along is never looked at, or an attacker could choose the weaker one.
 * The event is the header alone; the body's `action` stays in the body. The delivery id is not signed.
 * https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const github: WebhookScheme = {
  signatureHeaders: [HEADER],
  check({ request, secrets }) {
    const onlySha1 = headerLines(request.rawHeaders, 'x-hub-signature').length > 0
    const missing = onlySha1
      ? 'Only the outdated SHA-1 signature X-Hub-Signature came; X-Hub-Signature-256 is needed.'
      : 'The header X-Hub-Signature-256 is missing. Set a secret for this webhook at GitHub.'
    const header = requiredHeader({ rawHeaders: request.rawHeaders, name: HEADER, missing })
    if (!header.ok) return header
    const signature = header.value
    const hex = signature.slice(PREFIX.length)
    if (!signature.startsWith(PREFIX) || !HEX_SHA256.test(hex)) {
      return refuse('mismatch', signature, 'The header X-Hub-Signature-256 is not "sha256=" and 64 lower-case hex digits.')
    }
    const content = { body: request.body }
    if (!hmacMatches({ secrets, content, signatures: [hex] })) {
      return refuse('mismatch', signature, 'The signature does not match the body. Compare the secret of this source with the one set at GitHub.')
    }
    return { ok: true, signature, signedHash: hashOf(content) }
  },
  identify({ rawHeaders }) {
    return { event: asName(singleHeader(rawHeaders, 'x-github-event')), providerId: asName(singleHeader(rawHeaders, 'x-github-delivery')) }
  },
}
