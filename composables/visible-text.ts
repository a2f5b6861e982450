/** A piece of program output; `name` is there for a character that would not show, or would change how others show. */
export interface VisiblePiece { text: string, name?: string }

/**
 * Characters that act instead of showing: C0 and C1 controls (but for tab), line and paragraph separators, direction
 * marks, overrides and isolates, and spaces without a width. Joiners stay: emoji and many scripts need them.
 */
const ACTING = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E007F}]/gu

const C0 = 'NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(' ')
const NAMES: Record<number, string> = {
  0x1B: 'escape', 0x7F: 'delete', 0x9B: 'control sequence introducer',
  0x200B: 'zero width space', 0x200E: 'left-to-right mark', 0x200F: 'right-to-left mark', 0x202A: 'left-to-right embedding', 0x202B: 'right-to-left embedding',
  0x202C: 'end of embedding', 0x202D: 'left-to-right override', 0x202E: 'right-to-left override', 0x2066: 'left-to-right isolate', 0x2067: 'right-to-left isolate',
  0x2068: 'first strong isolate', 0x2069: 'end of isolate', 0xFEFF: 'byte order mark',
}
const codeOf = (point: number) => `U+${point.toString(16).toUpperCase().padStart(4, '0')}`

/** What stands in the place of such a character: its short name where it has one, else its number. Few fonts have Unicode's pictures. */
const signOf = (point: number): string => C0[point] ?? (point === 0x7F ? 'DEL' : codeOf(point))

/** Text in pieces that can be shown as they are: nothing in them moves a cursor, turns a line around or hides. */
export function makeVisible(text: string): VisiblePiece[] {
  const pieces: VisiblePiece[] = []
  let from = 0
  for (const match of text.matchAll(ACTING)) {
    const point = match[0].codePointAt(0)!
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) })
    pieces.push({ text: `<${signOf(point)}>`, name: NAMES[point] ? `${codeOf(point)} ${NAMES[point]}` : codeOf(point) })
    from = match.index + match[0].length
  }
  if (from < text.length) pieces.push({ text: text.slice(from) })
  return pieces
}
