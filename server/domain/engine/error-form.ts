import { createHash } from 'node:crypto'
import { generalLine } from '#server/domain/engine/error-words.ts'

/** How much of an error text is looked at, characters: what comes later does not tell errors apart. */
const LOOKED_AT = 8192
const FRAMES = 3
const NO_TEXT = '(no error text)'
/** Where errors go when an organization has too many different ones to keep apart. */
export const OTHER_GROUP = '00000000-0000-8000-8000-000000000000'
export const OTHER_FORM = 'Other errors: too many different ones to keep apart'

/**
 * An error text in its general form: class and first line without what changes from one occurrence to the next, and up
 * to three stack frames (function and file) of the program itself. Work and answer are bounded, whatever the text.
 */
export function errorForm(text: string): string {
  const lines = text.slice(0, LOOKED_AT).split(/\r?\n/)
  return [generalLine(titleOf(lines)) || NO_TEXT, ...framesOf(lines)].join('\n')
}

/** The same error mostly comes many times in a row. */
const known = new Map<string, string>()
const [KNOWN_MAX, KNOWN_TEXT_MAX] = [500, 500]

/** The group an error text belongs to: a UUIDv8 made of its general form. Equal forms have equal ids, in every organization. */
export function errorGroupOf(text: string): string {
  const found = known.get(text)
  if (found !== undefined) return found
  const group = toGroup(text)
  if (known.size >= KNOWN_MAX) known.clear()
  if (text.length <= KNOWN_TEXT_MAX) known.set(text, group)
  return group
}

function toGroup(text: string): string {
  const hex = createHash('sha256').update(errorForm(text)).digest('hex')
  const variant = '89ab'[parseInt(hex[16]!, 16) & 3]!
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const isFrame = (line: string) => line.trimStart().startsWith('at ')
const isBlank = (line: string) => line.trim() === ''

/** The line that says what happened: the first one; with what follows its colon when it ends in one; of a Python traceback the last. */
function titleOf(lines: string[]): string {
  const said = lines.filter(line => !isBlank(line) && !isFrame(line))
  const [first = '', second = ''] = said
  if (first.startsWith('Traceback (most recent call last')) return said.findLast(line => !line.startsWith(' ')) ?? first
  return first.trimEnd().endsWith(':') ? `${first} ${second}` : first
}

/** The topmost frames that are the program's own, without positions. */
function framesOf(lines: string[]): string[] {
  const own: string[] = []
  for (const line of lines) {
    if (!isFrame(line)) continue
    const frame = toFrame(line.trim().slice('at '.length))
    if (frame) own.push(`  at ${frame}`)
    if (own.length === FRAMES) break
  }
  return own
}

/** `async load (/app/src/users.ts:10:5)` is `load users.ts`; null for a frame of Node or of a package. */
function toFrame(text: string): string | null {
  const open = text.lastIndexOf('(')
  const place = (open < 0 ? text : text.slice(open + 1)).replace(/^async /, '')
  if (place.includes('node_modules') || place.startsWith('node:') || place.startsWith('<anonymous>') || place.startsWith('native') || place.startsWith('index ')) return null
  const called = open < 0 ? '' : text.slice(0, open).trim().replace(/^(async|new) /, '')
  const file = place.slice(Math.max(place.lastIndexOf('/'), place.lastIndexOf('\\')) + 1).split(/[:)?]/, 1)[0]!
  return generalLine(`${called} ${file}`)
}
