/** Bytes of a base64 text. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** Bytes as text; `isExact` is false when they are not UTF-8 (wrong bytes show as the replacement sign). */
export function textOf(bytes: Uint8Array): { text: string, isExact: boolean } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), isExact: true }
  }
  catch {
    return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), isExact: false }
  }
}

const WIDTH = 16
const printable = (byte: number) => (byte >= 0x20 && byte < 0x7F ? String.fromCharCode(byte) : '.')
/** Classic dump of the first `limit` bytes: offset, sixteen bytes, what is printable. */
export function hexDump(bytes: Uint8Array, limit: number): string {
  const lines: string[] = []
  for (let from = 0; from < Math.min(bytes.length, limit); from += WIDTH) {
    const row = [...bytes.subarray(from, Math.min(from + WIDTH, limit))]
    const hex = row.map(byte => byte.toString(16).padStart(2, '0')).join(' ')
    lines.push(`${from.toString(16).padStart(8, '0')}  ${hex.padEnd(WIDTH * 3 - 1)}  ${row.map(printable).join('')}`)
  }
  return lines.join('\n')
}

/** Base64 of bytes; in pieces, because a call has only so many arguments. */
export function base64Of(bytes: Uint8Array): string {
  let binary = ''
  for (let from = 0; from < bytes.length; from += 0x8000) binary += String.fromCharCode(...bytes.subarray(from, from + 0x8000))
  return btoa(binary)
}
