import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asRawJson, parseExactJson } from '#server/infra/exact-json.ts'

describe('exact JSON', () => {
  it('writes back numbers that a double cannot hold', () => {
    for (const text of ['[12345678901234567890]', '{"a":{"b":-9007199254740993}}', '[0.12345678901234567890123]', '[1e400]']) {
      expect(JSON.stringify(parseExactJson(text))).toBe(text)
      expect(JSON.stringify(asRawJson(text))).toBe(text)
    }
  })

  it('parses everything else just as JSON.parse does', () => {
    fc.assert(fc.property(fc.json(), (text) => {
      expect(JSON.stringify(parseExactJson(text))).toBe(JSON.stringify(JSON.parse(text)))
    }))
    expect(parseExactJson('[1, 1.5, 1.0, -7, 9007199254740991, "12345678901234567890"]')).toEqual([1, 1.5, 1, -7, 9007199254740991, '12345678901234567890'])
  })

  it('keeps strings, booleans and null of a column as they are', () => {
    expect(['"a \\u2028 b"', 'true', 'null'].map(text => JSON.stringify(asRawJson(text)))).toEqual(['"a \\u2028 b"', 'true', 'null'])
    expect(asRawJson(null)).toBeNull()
  })
})
