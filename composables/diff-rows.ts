import type { DiffLine } from '#shared/diff/line-diff.ts'

/** A row of two texts side by side, or so many equal lines that are folded away. */
export type DiffRow = { kind: 'same' | 'differs', before: DiffLine | null, after: DiffLine | null } | { kind: 'folded', from: number, count: number }

/** Equal lines that stay around a difference. */
const CONTEXT = 3
/** Fewer equal lines than this are not worth folding. */
const WORTH = 4

/** A line diff as rows: removed and added lines of one place face each other, long equal stretches are folded. `open`: those (by their first line) that are not. */
export function diffRows(lines: readonly DiffLine[], open: ReadonlySet<number> = new Set()): DiffRow[] {
  const rows: DiffRow[] = []
  for (let at = 0; at < lines.length;) {
    const end = endOf(lines, at)
    const block = lines.slice(at, end)
    if (block[0]!.kind === 'same') rows.push(...folded(block, { at, isFirst: at === 0, isLast: end === lines.length, open }))
    else rows.push(...faced(block))
    at = end
  }
  return rows
}

function endOf(lines: readonly DiffLine[], start: number): number {
  const isSame = lines[start]!.kind === 'same'
  let end = start + 1
  while (end < lines.length && (lines[end]!.kind === 'same') === isSame) end++
  return end
}

const sameRow = (line: DiffLine): DiffRow => ({ kind: 'same', before: line, after: line })

function folded(block: readonly DiffLine[], { at, isFirst, isLast, open }: { at: number, isFirst: boolean, isLast: boolean, open: ReadonlySet<number> }): DiffRow[] {
  const head = isFirst ? 0 : CONTEXT
  const tail = isLast ? 0 : CONTEXT
  const hidden = block.length - head - tail
  // Two texts that are all the same are shown as they are.
  if (hidden < WORTH || open.has(at) || (isFirst && isLast)) return block.map(sameRow)
  return [...block.slice(0, head).map(sameRow), { kind: 'folded', from: at, count: hidden }, ...block.slice(block.length - tail).map(sameRow)]
}

function faced(block: readonly DiffLine[]): DiffRow[] {
  const removed = block.filter(line => line.kind === 'removed')
  const added = block.filter(line => line.kind === 'added')
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, index) => ({ kind: 'differs', before: removed[index] ?? null, after: added[index] ?? null }))
}
