/** One place where two JSON values differ. `pointer` is an RFC 6901 JSON pointer: into `before` for what was removed, else into `after`. */
export interface JsonChange { pointer: string, kind: 'added' | 'removed' | 'changed', before?: unknown, after?: unknown }
export interface JsonDiff {
  /** The first of the changes, in the order of the document. */
  changes: JsonChange[]
  /** How many there are in all. */
  count: number
}
export interface JsonDiffOptions {
  /** So many changes are listed, at most. */
  most?: number
  /** The digits of a number that a double cannot hold, however the caller keeps such a number; undefined for all else. */
  digitsOf?: (value: unknown) => string | undefined
}

/** A pointer's part: `~` and `/` are written as `~0` and `~1`. */
const escape = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')

/**
 * How two JSON values differ. Objects are compared by key; of lists the equal beginning and end are left out and the rest is
 * compared place by place, so that an insertion is one change and not a changed tail. Takes time in proportion to the
 * values; nesting as deep as a stored payload may be (200 levels).
 */
export function jsonDiff(before: unknown, after: unknown, { most = Infinity, digitsOf = () => undefined }: JsonDiffOptions = {}): JsonDiff {
  const diff: JsonDiff = { changes: [], count: 0 }
  const report = (change: JsonChange) => {
    if (diff.count++ < most) diff.changes.push(change)
  }
  const kindOf = (value: unknown) => value === null || typeof value !== 'object' || digitsOf(value) !== undefined ? 'leaf' : Array.isArray(value) ? 'list' : 'object'
  const sameLeaf = (one: unknown, other: unknown) => Object.is(one, other) || (digitsOf(one) !== undefined && digitsOf(one) === digitsOf(other))

  function isSame(one: unknown, other: unknown): boolean {
    const kind = kindOf(one)
    if (kind !== kindOf(other)) return false
    if (kind === 'leaf') return sameLeaf(one, other)
    if (kind === 'list') {
      const [first, second] = [one as unknown[], other as unknown[]]
      return first.length === second.length && first.every((item, index) => isSame(item, second[index]))
    }
    const [first, second] = [one as Record<string, unknown>, other as Record<string, unknown>]
    const keys = Object.keys(first)
    return keys.length === Object.keys(second).length && keys.every(key => Object.hasOwn(second, key) && isSame(first[key], second[key]))
  }

  function walk(pointer: string, one: unknown, other: unknown): void {
    const kind = kindOf(one)
    if (kind !== kindOf(other)) return report({ pointer, kind: 'changed', before: one, after: other })
    if (kind === 'list') return walkLists(pointer, one as unknown[], other as unknown[])
    if (kind === 'object') return walkObjects(pointer, one as Record<string, unknown>, other as Record<string, unknown>)
    if (!sameLeaf(one, other)) report({ pointer, kind: 'changed', before: one, after: other })
  }

  function walkObjects(pointer: string, one: Record<string, unknown>, other: Record<string, unknown>): void {
    for (const key of Object.keys(one)) {
      const at = `${pointer}/${escape(key)}`
      if (Object.hasOwn(other, key)) walk(at, one[key], other[key])
      else report({ pointer: at, kind: 'removed', before: one[key] })
    }
    for (const key of Object.keys(other)) if (!Object.hasOwn(one, key)) report({ pointer: `${pointer}/${escape(key)}`, kind: 'added', after: other[key] })
  }

  function walkLists(pointer: string, one: unknown[], other: unknown[]): void {
    const shorter = Math.min(one.length, other.length)
    let head = 0
    while (head < shorter && isSame(one[head], other[head])) head++
    let tail = 0
    while (tail < shorter - head && isSame(one[one.length - 1 - tail], other[other.length - 1 - tail])) tail++
    const both = shorter - tail
    for (let at = head; at < both; at++) walk(`${pointer}/${at}`, one[at], other[at])
    for (let at = both; at < one.length - tail; at++) report({ pointer: `${pointer}/${at}`, kind: 'removed', before: one[at] })
    for (let at = both; at < other.length - tail; at++) report({ pointer: `${pointer}/${at}`, kind: 'added', after: other[at] })
  }

  walk('', before, after)
  return diff
}
