import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** 32 bytes in lower-case hex: the only form in which the built-in schemes send an HMAC-SHA256. */
export const HEX_SHA256 = /^[0-9a-f]{64}$/

export interface SignedContent {
  /** What is signed before the body, such as a timestamp; nothing when left out. */
  prefix?: string
  body: Buffer
}

/**
 * Whether any of the signatures is the HMAC-SHA256 of the content under any of the secrets.
 * Every pair is compared, in constant time over 32-byte digests, so that the time tells nothing about which one matched.
 *
 * @param options.signatures lower-case hex, 64 characters each (see HEX_SHA256).
 */
export function hmacMatches(options: { secrets: readonly string[]; content: SignedContent; signatures: readonly string[] }): boolean {
  const { secrets, content, signatures } = options
  const given = signatures.map((signature) => Buffer.from(signature, 'hex'))
  let matched = false
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(content.prefix ?? '').update(content.body).digest()
    for (const digest of given) {
      if (digest.length === expected.length && timingSafeEqual(digest, expected)) matched = true
    }
  }
  return matched
}

/** SHA-256 (hex) of the signed bytes; see `signedHash` in webhook-scheme.ts. */
export function hashOf(content: SignedContent): string {
  return createHash('sha256').update(content.prefix ?? '').update(content.body).digest('hex')
}
