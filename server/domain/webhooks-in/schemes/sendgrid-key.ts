import { createPublicKey, type KeyObject } from 'node:crypto'

/**
 * Whether a secret is a public key, whole or damaged: PEM text, or base64 of a DER SubjectPublicKeyInfo
 * (SEQUENCE, SEQUENCE, OID). Such a text is known to everybody who sees the sender's settings page
 * and must never be used as an HMAC key, also when it is unusable as a key.
 */
export function isPublicKeyText(secret: string): boolean {
  if (secret.includes('-----BEGIN')) return true
  const der = Buffer.from(secret, 'base64')
  const inner = contentStart(der, 0)
  const oid = inner === null ? null : contentStart(der, inner)
  return oid !== null && der[oid] === 0x06
}

/** Where the content of the DER SEQUENCE at `at` begins; null when there is no SEQUENCE. */
function contentStart(der: Buffer, at: number): number | null {
  const length = der[at + 1]
  if (der[at] !== 0x30 || length === undefined) return null
  return at + 2 + (length > 0x80 ? length - 0x80 : 0)
}

/** The P-256 public key a secret holds (base64 SPKI or PEM, also with `\n` written out as in .env files); null when it holds none. */
export function readPublicKey(secret: string): KeyObject | null {
  try {
    const text = secret.trim().replaceAll('\\n', '\n')
    // createPublicKey would also derive one from a private key, which has no business here.
    if (text.includes('PRIVATE KEY')) return null
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null
  } catch {
    return null
  }
}
