import type { CodeStage } from '#shared/schemas/code.ts'
import type { OutputPiece, Stream } from './output-lines.ts'
import { inOrder, type HeardOutput } from './output-record.ts'
import { bytesOf, textOf } from './raw-bytes.ts'

export interface ReadStream { bytes: Uint8Array<ArrayBuffer>, text: string, /** False: the bytes are not UTF-8. */ isText: boolean }
export interface ReadOutput extends Record<Stream, ReadStream> { pieces: OutputPiece[], /** The two streams as they came after one another. */ isOrdered: boolean }

const encoder = new TextEncoder()
function readStream(told: string, encoding: 'utf8' | 'base64'): ReadStream {
  if (encoding === 'utf8') return { bytes: encoder.encode(told), text: told, isText: true }
  const bytes = bytesOf(told)
  const { text, isExact } = textOf(bytes)
  return { bytes, text, isText: isExact }
}

/** What a stage printed: the exact bytes, and what can be shown of them; in the order it came where that was heard. */
export function readOutput({ stdout, stderr, encoding }: Pick<CodeStage, 'stdout' | 'stderr' | 'encoding'>, heard?: HeardOutput): ReadOutput {
  const [out, err] = [readStream(stdout, encoding), readStream(stderr, encoding)]
  const pieces = inOrder(heard, { stdout: out.text, stderr: err.text })
  return { stdout: out, stderr: err, pieces, isOrdered: pieces === heard?.pieces || out.text === '' || err.text === '' }
}
