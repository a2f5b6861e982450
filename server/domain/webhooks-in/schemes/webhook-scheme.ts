/** One delivery as it came over the wire. Nothing in it has been trusted, trimmed or decoded yet. */
export interface WebhookRequest {
  /** Node's `rawHeaders`: name, value, name, value. Only here a header sent twice can be told from one with a comma. */
  rawHeaders: readonly string[]
  /** The body exactly as received. */
  body: Buffer
  /** Unix seconds; the caller's clock. */
  now: number
}

/**
 * Why a delivery was refused. `malformed` is a request no honest sender makes (HTTP 400);
 * the others are a missing, wrong or outdated signature (HTTP 401).
 */
export type RefusalCode = 'missing' | 'malformed' | 'mismatch' | 'stale'

export interface Refused {
  ok: false
  code: RefusalCode
  /** A sentence for the operator: what is wrong and, where it can be known, what to do. Holds no secret. */
  reason: string
  /** The signature header as received, null when there was none. */
  signature: string | null
}

export interface Accepted {
  ok: true
  /** The signature header as received. */
  signature: string
  /**
   * SHA-256 (hex) of exactly the bytes the signature covers. Unlike the signature text it cannot be varied by someone
   * who replays a delivery (order of elements, added elements, ECDSA's second form), nor does it change with the secret.
   */
  signedHash: string
}

export type Check = Accepted | Refused

export interface Identity {
  /** Name of the event, null when the delivery carries none that can be used. */
  event: string | null
  /** The sender's own id of this delivery, null when the scheme has none. */
  providerId: string | null
}

export interface CheckOptions {
  request: WebhookRequest
  /** The source's active secrets, none of them empty. Any one that matches is enough (rotation). */
  secrets: readonly string[]
  /** Seconds a timestamp may lie away from `now`, in place of the scheme's own window. */
  toleranceSeconds?: number
}

export interface IdentifyOptions {
  rawHeaders: readonly string[]
  /** The parsed body; undefined when it could not be read as JSON. */
  value: unknown
}

/**
 * How one kind of sender signs. A scheme is pure: same request, secrets and clock, same answer; it never throws,
 * whatever the request holds.
 */
export interface WebhookScheme {
  /** Headers (lower case) that carry this scheme's signature; a delivery with none of them is not signed this way. */
  signatureHeaders: readonly string[]
  check(options: CheckOptions): Check
  identify(options: IdentifyOptions): Identity
  /** Which of the source's secrets may also be used for the generic header; all of them when left out. */
  genericSecrets?(secrets: readonly string[]): string[]
}

/** Builds a refusal. */
export function refuse(code: RefusalCode, signature: string | null, reason: string): Refused {
  return { ok: false, code, signature, reason }
}
