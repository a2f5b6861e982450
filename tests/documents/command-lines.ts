import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One command of a document, as a reader would type it: continued lines joined, the whole script for a WebSocket example. */
export interface CommandLine {
  document: string
  line: number
  kind: 'shell' | 'socket'
  /** What identifies it in the lists: its first line, without the trailing backslash. */
  head: string
  text: string
}

const SEEDS = join(import.meta.dirname, 'seeds')
/** Programs whose lines must be answered or declined; `export`, `cp`, `cd` and the like only prepare them. */
const PROGRAM = /(^|\$\()(curl|wscat|websocat|make|docker|docker-compose|go|cargo|pnpm|kubectl|\.\/run\.sh)\s/

interface Fence { language: string, start: number, lines: string[] }

function fencesOf(text: string): Fence[] {
  const fences: Fence[] = []
  let open: Fence | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^\s*```(\w*)/.exec(line)
    if (!mark) open?.lines.push(line)
    else if (open) { fences.push(open); open = undefined }
    else open = { language: mark[1] ?? '', start: index + 2, lines: [] }
  }
  return fences
}

/** A command goes on while its line ends in a backslash or a quote is open. */
const goesOn = (text: string) => text.endsWith('\\') || (text.match(/'/g)?.length ?? 0) % 2 === 1

function shellLines(fence: Fence): { head: string, text: string, line: number }[] {
  const found: { head: string, text: string, line: number }[] = []
  for (let index = 0; index < fence.lines.length; index++) {
    const start = index
    let text = fence.lines[index]!.trim()
    if (text.startsWith('#') || !PROGRAM.test(text)) continue
    while (goesOn(text) && index + 1 < fence.lines.length) text += `\n${fence.lines[++index]!}`
    found.push({ head: fence.lines[start]!.trim().replace(/\s*\\$/, ''), text, line: fence.start + start })
  }
  return found
}

function commandsOf(document: string): CommandLine[] {
  return fencesOf(readFileSync(join(SEEDS, document), 'utf8')).flatMap((fence): CommandLine[] => {
    if (/^(javascript|js|ts)$/.test(fence.language)) {
      const socket = fence.lines.find(line => line.includes('new WebSocket('))
      return socket ? [{ document, line: fence.start, kind: 'socket', head: socket.trim(), text: fence.lines.join('\n') }] : []
    }
    return shellLines(fence).map(command => ({ document, kind: 'shell', ...command }))
  })
}

/** Every command line of the documents of the systems that Bespin replaces. */
export const allCommandLines = (): CommandLine[] => readdirSync(SEEDS).filter(name => name.endsWith('.md')).sort().flatMap(commandsOf)
