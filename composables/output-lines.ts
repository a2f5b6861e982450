export type Stream = 'stdout' | 'stderr'
/** One row of shown output. */
export interface OutputLine {
  stream: Stream
  text: string
  /** Goes on in the next row: the line is longer than a row may be. */
  isCut: boolean
}
/** What was printed, in the order it is known in. */
export interface OutputPiece { stream: Stream, text: string }

/** A browser lays out a line of a megabyte slowly. */
const ROW_CHARS = 2000

function cutRow(rows: OutputLine[], stream: Stream, line: string): void {
  let from = 0
  while (line.length - from > ROW_CHARS) {
    // Never through a pair of surrogates.
    const isPair = /[\uD800-\uDBFF]/.test(line[from + ROW_CHARS - 1]!)
    const to = from + ROW_CHARS - (isPair ? 1 : 0)
    rows.push({ stream, text: line.slice(from, to), isCut: true })
    from = to
  }
  rows.push({ stream, text: line.slice(from), isCut: false })
}

/**
 * Rows of output. Each stream has lines of its own: a line that one stream has not ended waits while the other speaks, and
 * is shown where it began to wait when nothing follows.
 */
export function outputLines(pieces: readonly OutputPiece[]): OutputLine[] {
  const rows: OutputLine[] = []
  const open = new Map<Stream, string>()
  for (const { stream, text } of pieces) {
    const lines = ((open.get(stream) ?? '') + text).split('\n')
    open.set(stream, lines.pop() ?? '')
    for (const line of lines) cutRow(rows, stream, line)
  }
  for (const [stream, rest] of open) if (rest !== '') cutRow(rows, stream, rest)
  return rows
}

/** The end of what was printed, at most this many characters of it: a running program may print faster than anybody reads. */
export function tailOf(pieces: readonly OutputPiece[], most: number): { pieces: OutputPiece[], isCut: boolean } {
  const kept: OutputPiece[] = []
  let room = most
  for (let index = pieces.length - 1; index >= 0 && room > 0; index--) {
    const { stream, text } = pieces[index]!
    kept.unshift({ stream, text: text.length > room ? text.slice(-room) : text })
    room -= text.length
  }
  return { pieces: kept, isCut: room < 0 || kept.length < pieces.length }
}
