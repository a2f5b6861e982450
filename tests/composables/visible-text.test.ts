import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeVisible } from '../../composables/visible-text.ts'

const shown = (text: string) => makeVisible(text).map(piece => piece.text).join('')
/** What must never reach the page from a program: all that moves, hides or turns text around. */
const ACTS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/u

describe('what a program printed', () => {
  it.each([
    ['\u001b[2J\u001b[31mred', '<ESC>[2J<ESC>[31mred'],
    ['50 %\r100 %', '50 %<CR>100 %'],
    ['a\u0000b', 'a<NUL>b'],
    ['user\u202Etxt.exe', 'user<U+202E>txt.exe'],
    ['\uFEFFfirst', '<U+FEFF>first'],
    ['pass\u200Bword', 'pass<U+200B>word'],
    ['\u009b31m', '<U+009B>31m'],
    ['\u{E0041}tag', '<U+E0041>tag'],
  ])('%j is shown as %s', (text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  it('keeps tabs, letters of every script, and the joiners that emoji need', () => {
    const text = 'a\tשלום नमस्ते 👩‍💻 é'
    expect(makeVisible(text)).toEqual([{ text }])
  })

  it('never holds anything that acts, whatever was printed, and loses nothing else', () => {
    fc.assert(fc.property(fc.string({ unit: fc.oneof(fc.constantFrom('\u001b', '\r', '\u202E', '\u2066', '\u0000', '\u0085', '[31m', 'x', '\t'), fc.string({ unit: 'binary', maxLength: 1 })) }), (text) => {
      expect(shown(text)).not.toMatch(ACTS)
      expect(makeVisible(text).filter(piece => piece.name === undefined).map(piece => piece.text).join('').length).toBeLessThanOrEqual(text.length)
    }), { numRuns: 50 })
  })

  it('says the name of a sign to who points at it', () => {
    expect(makeVisible('\u202E')).toEqual([{ text: '<U+202E>', name: 'U+202E right-to-left override' }])
  })
})
