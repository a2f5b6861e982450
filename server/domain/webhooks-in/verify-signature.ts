import { parseBody, type ParsedBody } from './parse-body.ts'
import { headerLines } from './schemes/header-lines.ts'
import { SCHEMES, type SchemeName } from './schemes/scheme-table.ts'
import { refuse, type Check, type Identity, type RefusalCode, type WebhookRequest, type WebhookScheme } from './schemes/webhook-scheme.ts'

interface Common extends Identity {
  /** The scheme that judged the delivery: the source's own, or `generic` when it came with the generic header. */
  scheme: SchemeName
}

export type Verdict =
  | (Common & { verified: true; signature: string; /** See webhook-scheme.ts; tells repeats. */ signedHash: string; parsed: ParsedBody })
  | (Common & { verified: false; signature: string | null; reason: string; code: RefusalCode })

export interface VerifyOptions {
  /** The source's scheme. */
  scheme: SchemeName
  /** The source's active secrets; empty ones are passed over. */
  secrets: readonly string[]
  request: WebhookRequest
  /** In place of the scheme's own window, for schemes that sign a time. */
  toleranceSeconds?: number
}

/** The signature text is kept for people to read; the longest honest one (Stripe, several secrets) is far below this. */
const MAX_SIGNATURE_CHARACTERS = 1000
/** An unverified body is parsed only up to here, to name its event: strangers get no more work out of the server. */
const MAX_UNVERIFIED_PARSE_BYTES = 64 * 1024
const NOT_PARSED: ParsedBody = { json: undefined, value: undefined, reason: 'The body was not read, because the delivery is not verified.' }

/**
 * Judges one delivery: is it signed with one of the source's secrets, and what does it call itself?
 * Pure and total: no clock, no store, no exception, whatever the request holds.
 * Rules: contract section 6; each scheme's file names its source.
 */
export function verifySignature(options: VerifyOptions): Verdict {
  const { judge, check } = judgeSignature(options)
  const bytesToParse = check.ok ? Infinity : MAX_UNVERIFIED_PARSE_BYTES
  const parsed = options.request.body.length <= bytesToParse ? parseRequest(options.request) : NOT_PARSED
  const common = { scheme: judge, ...identify({ source: options.scheme, judge, request: options.request, value: parsed.value }) }
  if (check.ok) return { ...common, verified: true, signature: readable(check.signature), signedHash: check.signedHash, parsed }
  const { signature, code, reason } = check
  return { ...common, verified: false, signature: signature === null ? null : readable(signature), code, reason }
}

function parseRequest({ body, rawHeaders }: WebhookRequest): ParsedBody {
  return parseBody({ body, contentType: headerLines(rawHeaders, 'content-type')[0] ?? null })
}

/** Cut to size, without what PostgreSQL text cannot hold. */
function readable(signature: string): string {
  return signature.slice(0, MAX_SIGNATURE_CHARACTERS).replaceAll('\0', '').toWellFormed()
}

function identify(options: { source: SchemeName; judge: SchemeName; request: WebhookRequest; value: unknown }): Identity {
  const { source, judge, request: { rawHeaders }, value } = options
  const own = SCHEMES[source].identify({ rawHeaders, value })
  if (judge === source) return own
  // What comes by the generic header is often a test by hand, with an id copied from somewhere: it must not make two deliveries one.
  return { event: SCHEMES[judge].identify({ rawHeaders, value }).event ?? own.event, providerId: null }
}

function judgeSignature(options: VerifyOptions): { judge: SchemeName; check: Check } {
  const { request, scheme } = options
  const secrets = options.secrets.filter((secret) => secret.trim() !== '')
  // An HMAC under an empty key is one that everybody can make.
  if (secrets.length === 0) return { judge: scheme, check: refuse('missing', null, 'This source has no secret, so nothing can be verified. Set one.') }
  const comesGeneric = scheme !== 'generic' && !isSigned(SCHEMES[scheme], request) && isSigned(SCHEMES.generic, request)
  const judge = comesGeneric ? 'generic' : scheme
  const check = comesGeneric ? checkGeneric(options, secrets) : SCHEMES[scheme].check({ ...options, secrets })
  if (check.ok && request.body.length === 0) return { judge, check: refuse('malformed', check.signature, 'The body is empty.') }
  return { judge, check }
}

function isSigned(scheme: WebhookScheme, request: WebhookRequest): boolean {
  return scheme.signatureHeaders.some((name) => headerLines(request.rawHeaders, name).length > 0)
}

/** A named source that got the generic header instead of its own. */
function checkGeneric(options: VerifyOptions, secrets: readonly string[]): Check {
  const scheme: WebhookScheme = SCHEMES[options.scheme]
  const usable = scheme.genericSecrets?.(secrets) ?? secrets
  const lines = SCHEMES.generic.signatureHeaders.flatMap((name) => headerLines(options.request.rawHeaders, name))
  const signature = lines.join(', ')
  if (usable.length === 0) {
    return refuse('missing', signature, `The secret of this source is a public key, so only the header ${scheme.signatureHeaders[0]} is accepted, not the generic one.`)
  }
  // Some schemes sign a timestamp and the body in one text. Such a text, captured and sent as a body with its own
  // signature, would pass for a generic delivery and get around the timestamp; but it never begins like JSON.
  const first = options.request.body.find((byte) => byte > 0x20)
  if (first !== 0x5b && first !== 0x7b) {
    return refuse('malformed', signature, 'A delivery to this source with the generic signature header must have a JSON object or array as its body.')
  }
  return SCHEMES.generic.check({ request: options.request, secrets: usable })
}
