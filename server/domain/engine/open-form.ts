export const NUMBER = '<n>'
/** What may stand between the entries of a list. */
const BETWEEN = /^[,;|& ]*$/

/** The general form of a line as it grows: blanks are folded, and a list of equal marks ("1, 2, 3") is one mark. */
export interface Form {
  literal(text: string): void
  mark(text: string): void
  /** Whether a unit that comes now would belong to a number. */
  endsWithNumber(): boolean
  /** Makes the number at the end an amount: a duration, a size. */
  unit(mark: string): void
  /** The last word that was no mark, in lower case; empty when a mark came after it. */
  lastWord(): string
  length(): number
  text(): string
}

export function openForm(): Form {
  let out = ''
  let word = ''
  const marks: { text: string, start: number, end: number }[] = []
  const afterLast = () => out.slice(marks.at(-1)?.end ?? 0)

  function mark(text: string): void {
    word = ''
    const last = marks.at(-1)
    if (last?.text === text && BETWEEN.test(afterLast())) {
      out = out.slice(0, last.end)
      return
    }
    marks.push({ text, start: out.length, end: out.length + text.length })
    out += text
  }

  return {
    mark,
    literal(text) {
      if (text === ' ' && (out === '' || out.endsWith(' '))) return
      if (/^[\p{L}_]/u.test(text)) word = text.toLowerCase()
      out += text
    },
    endsWithNumber: () => marks.at(-1)?.text === NUMBER && /^ ?$/.test(afterLast()),
    unit(text) {
      const last = marks.pop()
      if (last) out = out.slice(0, last.start)
      mark(text)
    },
    lastWord: () => word,
    length: () => out.length,
    text: () => out.trim(),
  }
}
