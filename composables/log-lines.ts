export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
const LEVEL = /^\s*[[(]?(trace|debug|verbose|info|notice|warn|warning|error|fatal|critical|panic)\b[\])]?(?:\s|:|\||$|\s-)/i
const LEVELS: Record<string, LogLevel> = {
  trace: 'debug', debug: 'debug', verbose: 'debug', info: 'info', notice: 'info', warn: 'warn', warning: 'warn', error: 'error', fatal: 'error', critical: 'error', panic: 'error',
}
/** The level a line begins with ("ERROR ...", "[warn] ...", "info: ..."); undefined when it says none. */
export const levelOf = (text: string): LogLevel | undefined => LEVELS[LEVEL.exec(text)?.[1]?.toLowerCase() ?? '']

/** Text in pieces, those that match marked; letters in either case. An empty term marks nothing. */
export function markMatches(text: string, term: string): { text: string, isMatch: boolean }[] {
  const wanted = term.toLowerCase()
  const lower = text.toLowerCase()
  // A letter whose lower case is longer would move every place behind it.
  if (wanted === '' || lower.length !== text.length) return [{ text, isMatch: false }]
  const pieces: { text: string, isMatch: boolean }[] = []
  let from = 0
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    if (at > from) pieces.push({ text: text.slice(from, at), isMatch: false })
    pieces.push({ text: text.slice(at, at + wanted.length), isMatch: true })
    from = at + wanted.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), isMatch: false })
  return pieces
}
