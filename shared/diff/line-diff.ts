/** A line of either text, or of both. Numbers count from 1; null where the line is not. */
export interface DiffLine { kind: 'same' | 'removed' | 'added', before: number | null, after: number | null, text: string }

/** Texts that differ by more lines than this are shown one after the other: the search takes time and memory by its square. */
const MOST_EDITS = 1000

/**
 * The shortest way from one list of lines to another (Myers, "An O(ND) Difference Algorithm", 1986), removed lines before
 * added ones. Past `mostEdits` the differing middle is told as all removed, then all added.
 */
export function lineDiff(before: readonly string[], after: readonly string[], mostEdits = MOST_EDITS): DiffLine[] {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && before[head] === after[head]) head++
  let tail = 0
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  const middle = { before: before.slice(head, before.length - tail), after: after.slice(head, after.length - tail) }
  const lines: DiffLine[] = []
  const same = (from: number, other: number) => lines.push({ kind: 'same', before: from + 1, after: other + 1, text: before[from]! })
  for (let at = 0; at < head; at++) same(at, at)
  for (const step of editsOf(middle.before, middle.after, mostEdits)) {
    if (step.kind === 'same') same(head + step.before, head + step.after)
    else if (step.kind === 'removed') lines.push({ kind: 'removed', before: head + step.before + 1, after: null, text: before[head + step.before]! })
    else lines.push({ kind: 'added', before: null, after: head + step.after + 1, text: after[head + step.after]! })
  }
  for (let at = tail; at > 0; at--) same(before.length - at, after.length - at)
  return lines
}

interface Step { kind: DiffLine['kind'], before: number, after: number }

function editsOf(before: string[], after: string[], mostEdits: number): Step[] {
  const trace = findTrace(before, after, mostEdits)
  return trace === null ? replaced(before.length, after.length) : walkBack(trace, before.length, after.length)
}

function replaced(before: number, after: number): Step[] {
  return [
    ...Array.from({ length: before }, (_, at): Step => ({ kind: 'removed', before: at, after: 0 })),
    ...Array.from({ length: after }, (_, at): Step => ({ kind: 'added', before, after: at })),
  ]
}

/** For each number of edits the furthest place on every diagonal; null when more edits than allowed are needed. */
function findTrace(before: string[], after: string[], mostEdits: number): Map<number, number>[] | null {
  const trace: Map<number, number>[] = []
  let furthest = new Map([[1, 0]])
  for (let edits = 0; edits <= Math.min(mostEdits, before.length + after.length); edits++) {
    const next = new Map<number, number>()
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = isDown(furthest, diagonal, edits) ? furthest.get(diagonal + 1)! : furthest.get(diagonal - 1)! + 1
      let y = x - diagonal
      while (x < before.length && y < after.length && before[x] === after[y]) {
        x++
        y++
      }
      next.set(diagonal, x)
      if (x >= before.length && y >= after.length) return [...trace, furthest]
    }
    trace.push(furthest)
    furthest = next
  }
  return null
}

/** Whether the best way onto a diagonal is an added line (down) or a removed one (right). */
const isDown = (furthest: Map<number, number>, diagonal: number, edits: number) =>
  diagonal === -edits || (diagonal !== edits && furthest.get(diagonal - 1)! < furthest.get(diagonal + 1)!)

function walkBack(trace: Map<number, number>[], beforeLength: number, afterLength: number): Step[] {
  const steps: Step[] = []
  let [x, y] = [beforeLength, afterLength]
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const furthest = trace[edits]!
    const diagonal = x - y
    const from = isDown(furthest, diagonal, edits) ? diagonal + 1 : diagonal - 1
    const fromX = edits === 0 ? 0 : furthest.get(from)!
    const fromY = edits === 0 ? 0 : fromX - from
    while (x > fromX && y > fromY) steps.push({ kind: 'same', before: --x, after: --y })
    if (edits === 0) break
    if (x === fromX) steps.push({ kind: 'added', before: x, after: --y })
    else steps.push({ kind: 'removed', before: --x, after: y })
  }
  return steps.reverse()
}
