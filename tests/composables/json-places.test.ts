import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { placeOf, readPlaces } from '../../composables/json-places.ts'

const isJson = (text: string) => {
  try {
    JSON.parse(text)
    return true
  }
  catch {
    return false
  }
}
const at = (text: string) => placeOf(text, readPlaces(text).error!.offset)

describe('the places of a JSON text', () => {
  it('are found in exactly the texts that are JSON', () => {
    const broken = fc.tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', '\\', '0', '-', 'x', ' ', '\n')).map(([text, where, mark]) => {
      const cut = where % (text.length + 1)
      return text.slice(0, cut) + mark + text.slice(cut + (where % 2))
    })
    fc.assert(fc.property(broken, text => readPlaces(text).error === undefined === isJson(text)), { numRuns: 2000 })
  })

  it('are where each value begins', () => {
    const text = '{\n  "a/b": [1, {"c": "x"}],\n  "d": null\n}'
    const { offsets } = readPlaces(text)
    const found = Object.fromEntries([...offsets].map(([pointer, offset]) => [pointer, text.slice(offset, offset + 4)]))
    expect(found).toEqual({ '': '{\n  ', '/a~1b': '[1, ', '/a~1b/0': '1, {', '/a~1b/1': '{"c"', '/a~1b/1/c': '"x"}', '/d': 'null' })
  })

  it('say at which line and column something is wrong', () => {
    expect(at('{\n  "a": 1,\n  "b": tru\n}')).toEqual({ line: 3, column: 8 })
    expect(at('{"a": 1,}')).toEqual({ line: 1, column: 9 })
    expect(at('[1 2]')).toEqual({ line: 1, column: 4 })
    expect(readPlaces('').error!.message).toContain('The text ends where a value is missing')
    expect(readPlaces('{"a": "open').error!.message).toContain('not closed')
  })

  it('end with a word instead of the stack when it is nested too deeply', () => {
    expect(readPlaces('['.repeat(100_000)).error!.message).toContain('deeper than 200 levels')
  })
})
