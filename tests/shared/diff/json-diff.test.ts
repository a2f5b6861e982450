import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonDiff, type JsonChange } from '#shared/diff/json-diff.ts'

const json = () => fc.jsonValue({ maxDepth: 4, noUnicodeString: false }) as fc.Arbitrary<unknown>
/** -0 and 0 are one number in JSON text. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const keysOf = (pointer: string) => pointer.split('/').slice(1).map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** Makes `after` out of `before` by the changes alone. */
function apply(before: unknown, changes: JsonChange[]): unknown {
  const root = { '': structuredClone(before) } as Record<string, unknown>
  // First what changed, then what went (from the end of a list), then what came (from its beginning).
  const order = { changed: 0, removed: 1, added: 2 }
  const sorted = changes.map((change, index) => ({ change, index })).sort((one, other) =>
    order[one.change.kind] - order[other.change.kind] || (one.change.kind === 'removed' ? other.index - one.index : one.index - other.index))
  for (const { change } of sorted) {
    const keys = ['', ...keysOf(change.pointer)]
    const last = keys.pop()!
    const parent = keys.reduce((value, key) => (value as Record<string, unknown>)[key], root as unknown)
    if (Array.isArray(parent) && change.kind !== 'changed') parent.splice(Number(last), change.kind === 'removed' ? 1 : 0, ...(change.kind === 'added' ? [change.after] : []))
    else if (change.kind === 'removed') Reflect.deleteProperty(parent as object, last)
    else Object.defineProperty(parent, last, { value: change.after, enumerable: true, writable: true, configurable: true })
  }
  return root['']
}

describe('jsonDiff', () => {
  it('finds nothing between equal values', () => {
    fc.assert(fc.property(json(), (value) => {
      expect(jsonDiff(plain(value), plain(value))).toEqual({ changes: [], count: 0 })
    }))
  })

  it('tells enough to make the one value out of the other', () => {
    fc.assert(fc.property(json().map(plain), json().map(plain), (before, after) => {
      expect(apply(before, jsonDiff(before, after).changes)).toEqual(after)
    }), { numRuns: 500 })
  })

  it('tells the same in both directions, mirrored', () => {
    const mirror = { added: 'removed', removed: 'added', changed: 'changed' } as const
    fc.assert(fc.property(json().map(plain), json().map(plain), (before, after) => {
      const there = jsonDiff(before, after).changes.map(({ kind, pointer, ...values }) => `${mirror[kind]} ${pointer} ${JSON.stringify([values.after, values.before])}`)
      const back = jsonDiff(after, before).changes.map(({ kind, pointer, ...values }) => `${kind} ${pointer} ${JSON.stringify([values.before, values.after])}`)
      expect(back.sort()).toEqual(there.sort())
    }))
  })

  it('tells an insertion into a list as one change', () => {
    expect(jsonDiff({ to: ['a', 'b', 'c'] }, { to: ['a', 'x', 'b', 'c'] }).changes).toEqual([{ pointer: '/to/1', kind: 'added', after: 'x' }])
  })

  it('escapes keys as JSON pointers do, and tells null from missing', () => {
    expect(jsonDiff({ 'a/b~c': 1, 'n': null }, { 'a/b~c': 2 }).changes).toEqual([
      { pointer: '/a~1b~0c', kind: 'changed', before: 1, after: 2 }, { pointer: '/n', kind: 'removed', before: null },
    ])
  })

  it('lists no more than it is told to, and counts them all', () => {
    const { changes, count } = jsonDiff({}, Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key${index}`, index])), { most: 7 })
    expect([changes.length, count]).toEqual([7, 50])
  })

  it('compares numbers that a double cannot hold by their digits', () => {
    const big = (digits: string) => ({ digits })
    const digitsOf = (value: unknown) => (value as { digits?: string } | null)?.digits
    expect(jsonDiff([big('12345678901234567890')], [big('12345678901234567890')], { digitsOf }).count).toBe(0)
    expect(jsonDiff([big('12345678901234567890')], [big('12345678901234567891')], { digitsOf }).changes).toMatchObject([{ pointer: '/0', kind: 'changed' }])
  })

  it('takes a mebibyte apart in well under a second', () => {
    const large = (salt: number) => Array.from({ length: 20_000 }, (_, index) => ({ id: index, name: `row ${index % 7 === salt ? 'x' : 'y'} ${index}` }))
    const start = performance.now()
    expect(jsonDiff(large(1), large(2), { most: 10 }).count).toBeGreaterThan(1000)
    expect(performance.now() - start).toBeLessThan(1500)
  })
})
