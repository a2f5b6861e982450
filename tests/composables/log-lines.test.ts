import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelOf, markMatches } from '../../composables/log-lines.ts'

describe('a log line', () => {
  it.each([
    ['ERROR could not connect', 'error'], ['[warn] slow', 'warn'], ['info: begun', 'info'], ['DEBUG', 'debug'], ['  FATAL - out', 'error'], ['WARNING: old', 'warn'],
    ['informed the customer', undefined], ['errors: 3', undefined], ['no error here', undefined], ['', undefined],
  ])('%j has the level %s', (text, level) => {
    expect(levelOf(text)).toBe(level)
  })

  it('keeps every character when matches are marked, and marks nothing else', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'B', 'ß', 'İ', ' ', '1') }), fc.string({ unit: fc.constantFrom('a', 'b', '1'), maxLength: 2 }), (text, term) => {
      const pieces = markMatches(text, term)
      expect(pieces.map(piece => piece.text).join('')).toBe(text)
      for (const piece of pieces.filter(each => each.isMatch)) expect(piece.text.toLowerCase()).toBe(term.toLowerCase())
    }))
  })

  it('marks a match whatever the case', () => {
    expect(markMatches('Sent to SENT', 'sent')).toEqual([{ text: 'Sent', isMatch: true }, { text: ' to ', isMatch: false }, { text: 'SENT', isMatch: true }])
  })
})
