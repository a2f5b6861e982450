import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineDiff, type DiffLine } from '#shared/diff/line-diff.ts'

/** Few different lines, so that texts have something in common. */
const lines = () => fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'error: x'), { maxLength: 40 })
const side = (diff: DiffLine[], kind: 'removed' | 'added') => diff.filter(line => line.kind === 'same' || line.kind === kind).map(line => line.text)
/** Length of the longest common subsequence, by the book. */
function common(one: string[], other: string[]): number {
  let row = new Array<number>(other.length + 1).fill(0)
  for (const line of one) {
    const next = [0]
    other.forEach((text, at) => next.push(text === line ? row[at]! + 1 : Math.max(row[at + 1]!, next[at]!)))
    row = next
  }
  return row.at(-1)!
}

describe('lineDiff', () => {
  it('holds every line of both texts, in order and with its number', () => {
    fc.assert(fc.property(lines(), lines(), (before, after) => {
      const diff = lineDiff(before, after)
      expect(side(diff, 'removed')).toEqual(before)
      expect(side(diff, 'added')).toEqual(after)
      expect(diff.flatMap(line => line.before ?? [])).toEqual(before.map((_, index) => index + 1))
      expect(diff.flatMap(line => line.after ?? [])).toEqual(after.map((_, index) => index + 1))
    }), { numRuns: 500 })
  })

  it('finds as much in common as there is', () => {
    fc.assert(fc.property(lines(), lines(), (before, after) => {
      expect(lineDiff(before, after).filter(line => line.kind === 'same')).toHaveLength(common(before, after))
    }), { numRuns: 500 })
  })

  it('stays whole past the most edits it looks for', () => {
    fc.assert(fc.property(lines(), lines(), fc.integer({ min: 0, max: 5 }), (before, after, mostEdits) => {
      const diff = lineDiff(before, after, mostEdits)
      expect([side(diff, 'removed'), side(diff, 'added')]).toEqual([before, after])
    }))
  })

  it('tells two logs of a thousand different lines in well under a second', () => {
    const log = (word: string) => Array.from({ length: 1001 }, (_, index) => `${word} ${index}`)
    const start = performance.now()
    expect(lineDiff(log('one'), log('other'))).toHaveLength(2002)
    expect(performance.now() - start).toBeLessThan(1500)
  })
})
