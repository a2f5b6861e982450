import { isUtf8 } from 'node:buffer'

export interface EncodedText { data: string, encoding: 'utf8' | 'base64' }

/** Whether bytes are text that JSON and PostgreSQL can hold: UTF-8 without U+0000. (UTF-8 cannot hold half a surrogate pair.) */
export const isStorableText = (bytes: Uint8Array): boolean => isUtf8(bytes) && !bytes.includes(0)

/** Both streams of a stage under one encoding: text, or base64 when a byte of either is none. */
export function encodeStreams(stdout: Buffer, stderr: Buffer): { stdout: string, stderr: string, encoding: 'utf8' | 'base64' } {
  const encoding = isStorableText(stdout) && isStorableText(stderr) ? 'utf8' : 'base64'
  return { stdout: stdout.toString(encoding), stderr: stderr.toString(encoding), encoding }
}

const CONTINUATION = 0b1000_0000
const CHARACTER_MAX_BYTES = 4

/** How many bytes at the end are the beginning of a character whose rest is missing: 0 to 3. */
export function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back < CHARACTER_MAX_BYTES && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0b1100_0000) === CONTINUATION) continue
    const length = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1
    return length > back ? back : 0
  }
  return 0
}

/** The bytes without a character that a limit cut in two: it would turn a whole text into base64. */
export const wholeCharacters = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - unfinishedBytes(bytes))

/** Encodes a stream piece by piece; a character that arrives in two pieces travels with the second. */
export interface PieceEncoder {
  /** Null: nothing to tell yet. `offset` counts the bytes of the stream before the piece. */
  push(bytes: Uint8Array): EncodedText & { offset: number } | null
  /** What was held back, when the stream has ended. */
  end(): EncodedText & { offset: number } | null
}

export function pieceEncoder(): PieceEncoder {
  let held = Buffer.alloc(0)
  let offset = 0
  const tell = (bytes: Buffer) => {
    if (bytes.length === 0) return null
    const at = offset
    offset += bytes.length
    const encoding = isStorableText(bytes) ? 'utf8' as const : 'base64' as const
    return { data: bytes.toString(encoding), encoding, offset: at }
  }
  return {
    push(bytes) {
      const all = Buffer.concat([held, bytes])
      held = all.subarray(all.length - unfinishedBytes(all))
      return tell(all.subarray(0, all.length - held.length))
    },
    end() {
      const rest = held
      held = Buffer.alloc(0)
      return tell(rest)
    },
  }
}
