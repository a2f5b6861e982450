import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineDiff } from '../../shared/diff/line-diff.ts'
import { diffRows } from '../../composables/diff-rows.ts'

const numbered = (count: number, more: Record<number, string> = {}) => Array.from({ length: count }, (_, index) => more[index] ?? `line ${index}`)

describe('two texts side by side', () => {
  it('hide no line: what is folded is counted, and can be opened', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 })
    fc.assert(fc.property(lines, lines, (before, after) => {
      const diff = lineDiff(before, after)
      const sides = (rows: ReturnType<typeof diffRows>) => rows.reduce((sum, row) => row.kind === 'folded' ? [sum[0] + row.count, sum[1] + row.count] as const : [sum[0] + (row.before ? 1 : 0), sum[1] + (row.after ? 1 : 0)] as const, [0, 0] as readonly [number, number])
      expect(sides(diffRows(diff))).toEqual([before.length, after.length])
      const open = new Set(diffRows(diff).flatMap(row => row.kind === 'folded' ? [row.from] : []))
      expect(diffRows(diff, open).some(row => row.kind === 'folded')).toBe(false)
    }))
  })

  it('put a changed line beside what it became, with three equal lines around', () => {
    const rows = diffRows(lineDiff(numbered(40), numbered(40, { 20: 'other' })))
    expect(rows.map(row => row.kind)).toEqual(['folded', 'same', 'same', 'same', 'differs', 'same', 'same', 'same', 'folded'])
    expect(rows[4]).toMatchObject({ before: { text: 'line 20' }, after: { text: 'other' } })
  })

  it('are shown whole when they are the same', () => {
    expect(diffRows(lineDiff(numbered(30), numbered(30)))).toHaveLength(30)
  })
})
