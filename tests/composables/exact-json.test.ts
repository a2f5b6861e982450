import { describe, expect, it } from 'vitest'
import { digitsOf, isExactNumber, parseExact, stringifyExact, toJson } from '../../composables/exact-json.ts'

describe('JSON that keeps numbers as they were written', () => {
  it.each(['12345678901234567890', '-9007199254740993', '1.10', '0.1000000000000000055511151231257827', '1e400', '1E5', '-0', '100.0'])('shows %s digit for digit', (digits) => {
    const value = parseExact(`{"n":[${digits}]}`) as { n: unknown[] }
    expect(stringifyExact(value)).toBe(`{\n  "n": [\n    ${digits}\n  ]\n}`)
    expect(isExactNumber(value.n[0]) && digitsOf(value.n[0])).toBe(digits)
  })

  it('leaves numbers that survive as plain numbers', () => {
    expect(parseExact('{"a":1,"b":-2.5,"big":12345678901234567890}')).toMatchObject({ a: 1, b: -2.5 })
  })

  it('is not fooled by digits inside texts or by a field that looks like its own mark', () => {
    const text = '{"id":"12345678901234567890","exactNumber":"7"}'
    expect(JSON.parse(stringifyExact(parseExact(text)))).toEqual(JSON.parse(text))
  })

  it('writes what JSON.stringify writes for everything else', () => {
    const value = { text: 'a "quoted" line\n\u2028', list: [], nothing: null, fields: {}, deep: [[[true, false]]] }
    expect(stringifyExact(parseExact(JSON.stringify(value)))).toBe(JSON.stringify(value, null, 2))
  })

  it('sends digits as they were written, and leaves out what is undefined', () => {
    expect(toJson({ payload: parseExact('{"n":12345678901234567890}'), reason: undefined }).replace(/\s/g, '')).toBe('{"payload":{"n":12345678901234567890}}')
    expect(toJson({ payload: [1, 'a b'], reason: undefined })).toBe('{"payload":[1,"a b"]}')
  })

  it('refuses what is not JSON', () => {
    expect(() => parseExact('{"a":}')).toThrow(SyntaxError)
  })
})
