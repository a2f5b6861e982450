import type { IncomingMessage } from 'node:http'
import { AppError } from '#server/domain/app-error.ts'
import { parseExactJson } from '#server/infra/exact-json.ts'

/** What is read and thrown away of a body that is too large: a sender cut off earlier would lose our answer with the connection. */
const DISCARD_MAX_BYTES = 64 * 1024 * 1024

/**
 * The exact bytes of a body, read from the stream (no decoding, no second copy of the request object).
 * Throws PAYLOAD_TOO_LARGE over `maxBytes`, UNSUPPORTED_MEDIA_TYPE for a compressed body, BAD_REQUEST when the sender breaks off.
 */
export function readRawBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () => new AppError('PAYLOAD_TOO_LARGE', `The body has more than ${maxBytes} bytes, the most this path takes.`)
  const encoding = request.headers['content-encoding']
  if (encoding && encoding !== 'identity') throw new AppError('UNSUPPORTED_MEDIA_TYPE', `Content-Encoding ${encoding.slice(0, 40)} is not taken: send the body as it is.`)
  const announced = Number(request.headers['content-length'] ?? 0)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    if (announced > maxBytes) reject(tooLarge())
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes && announced <= maxBytes) {
        chunks.push(chunk)
        return
      }
      chunks.length = 0
      reject(tooLarge())
      if (size > DISCARD_MAX_BYTES) request.destroy()
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', () => reject(new AppError('BAD_REQUEST', 'The body broke off before its end.')))
    request.on('aborted', () => reject(new AppError('BAD_REQUEST', 'The body broke off before its end.')))
  })
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i

/** Parses a JSON body; undefined when there is none. Throws UNSUPPORTED_MEDIA_TYPE and INVALID_JSON. */
export function parseJson(body: Buffer, contentType: string | undefined): unknown {
  if (body.length === 0) return undefined
  if (contentType !== undefined && !JSON_TYPE.test(contentType) && !/^application\/x-www-form-urlencoded/i.test(contentType)) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', `Send the body as application/json, not as ${contentType.slice(0, 60)}.`)
  }
  try {
    // curl -d without a header says x-www-form-urlencoded; JSON sent so is taken for what it is.
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(body))
  }
  catch (error) {
    throw new AppError('INVALID_JSON', `The body is not JSON: ${(error as Error).message.slice(0, 200)}`)
  }
}
