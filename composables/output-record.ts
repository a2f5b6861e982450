import type { CodeOutputChunk } from '#shared/schemas/code.ts'
import type { OutputPiece, Stream } from './output-lines.ts'
import { bytesOf } from './raw-bytes.ts'

type Chunk = Pick<CodeOutputChunk, 'run' | 'input' | 'stage' | 'stream' | 'offset' | 'data' | 'encoding'>
/** What one stage printed on one input, as far as it was heard. */
export interface HeardOutput {
  stage: Chunk['stage']
  input: number | null
  pieces: OutputPiece[]
  /** Bytes heard of each stream. */
  bytes: Record<Stream, number>
  /** Something between was not heard: the result has it. */
  hasGap: boolean
}
interface Ear extends HeardOutput { decoders: Record<Stream, TextDecoder> }

/** What is kept of a live stream here; the result has all of it. */
const MOST_PIECES = 20_000
const encoder = new TextEncoder()
const newEar = ({ stage, input }: Chunk): Ear => ({
  stage, input, pieces: [], bytes: { stdout: 0, stderr: 0 }, hasGap: false,
  decoders: { stdout: new TextDecoder('utf-8', { ignoreBOM: true }), stderr: new TextDecoder('utf-8', { ignoreBOM: true }) },
})

/**
 * Puts the chunks of a running execution together: in the order they come, each byte once (a watcher that comes back is
 * sent everything from the start), characters that were cut in two made whole, and a new run of the job from nothing.
 */
export function outputRecord() {
  let run = 0
  const ears = new Map<string, Ear>()
  let newest: Ear | undefined

  /** Answers whether the chunk brought anything new. */
  function add(chunk: Chunk): boolean {
    if (chunk.run < run) return false
    if (chunk.run > run) {
      run = chunk.run
      ears.clear()
    }
    const key = `${chunk.stage} ${chunk.input}`
    const ear = ears.get(key) ?? newEar(chunk)
    ears.set(key, ear)
    return take(ear, chunk)
  }
  function take(ear: Ear, { stream, offset, data, encoding }: Chunk): boolean {
    const all = encoding === 'base64' ? bytesOf(data) : encoder.encode(data)
    const isNew = all.subarray(Math.max(0, ear.bytes[stream] - offset))
    if (isNew.length === 0) return false
    if (offset > ear.bytes[stream]) ear.hasGap = true
    ear.bytes[stream] = offset + all.length
    append(ear.pieces, { stream, text: ear.decoders[stream].decode(isNew, { stream: true }) })
    newest = ear
    return true
  }
  return { add, newest: (): HeardOutput | undefined => newest, of: (stage: Chunk['stage'], input: number | null): HeardOutput | undefined => ears.get(`${stage} ${input}`) }
}

function append(pieces: OutputPiece[], piece: OutputPiece): void {
  const last = pieces.at(-1)
  if (last?.stream === piece.stream) last.text += piece.text
  else pieces.push(piece)
  if (pieces.length > MOST_PIECES) pieces.splice(0, pieces.length - MOST_PIECES)
}

/** What was heard, when it is exactly what the result tells: then the order of the two streams is known. */
export function inOrder(heard: HeardOutput | undefined, told: Record<Stream, string>): OutputPiece[] {
  const isWhole = heard !== undefined && !heard.hasGap && (['stdout', 'stderr'] as const).every(stream => textOf(heard, stream) === told[stream])
  return isWhole ? heard.pieces : [{ stream: 'stdout', text: told.stdout }, { stream: 'stderr', text: told.stderr }]
}
const textOf = (heard: HeardOutput, stream: Stream) => heard.pieces.filter(piece => piece.stream === stream).map(piece => piece.text).join('')
