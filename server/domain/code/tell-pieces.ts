import type { BoxEvents } from '#server/infra/sandbox/driver.ts'
import type { CodeOutputChunk } from '#shared/schemas/code.ts'
import { pieceEncoder } from './encode-output.ts'

/** A piece of output, as the job's watchers get it; who runs the job adds its id and run. */
export type OutputPiece = Omit<CodeOutputChunk, 'job_id' | 'run'>

/** Turns the bytes of one box into pieces of text. `end` tells what was held back; call it when the box has ended. */
export function tellPieces(onOutput: ((piece: OutputPiece) => void) | undefined, from: Pick<OutputPiece, 'stage' | 'input'>): Pick<BoxEvents, 'onOutput'> & { end(): void } {
  if (!onOutput) return { end: () => {} }
  const streams = { stdout: pieceEncoder(), stderr: pieceEncoder() }
  const tell = (stream: 'stdout' | 'stderr', piece: ReturnType<ReturnType<typeof pieceEncoder>['push']>) => {
    if (piece) onOutput({ ...from, stream, ...piece })
  }
  return {
    onOutput: (stream, bytes) => tell(stream, streams[stream].push(bytes)),
    end: () => {
      tell('stdout', streams.stdout.end())
      tell('stderr', streams.stderr.end())
    },
  }
}
