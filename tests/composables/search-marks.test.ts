import { describe, expect, it } from 'vitest'
import { marksOf } from '../../composables/search-marks.ts'

const kindsOf = (text: string) => marksOf(text).marks.map(({ text, kind }) => [kind, text])

describe('the marks behind a search', () => {
  it('tell a key from its value, and leave words and blanks plain', () => {
    expect(kindsOf('queue:mail timeout')).toEqual([['key', 'queue:'], ['value', 'mail'], ['plain', ' timeout']])
  })
  it('stand at what makes no sense, from the place that is told', () => {
    const { marks, problems } = marksOf('queue:mail state:done')
    expect(marks.at(-1)).toEqual({ kind: 'wrong', text: 'done' })
    expect(problems).toMatchObject([{ at: 17, end: 21 }])
  })
  it('are together the whole text, whatever was written', () => {
    for (const text of ['', ' ', 'queue:', '-', 'a:"', 'priority:>', 'state:done,failed -x "y z" payload.a[].b:1', '"', 'ünï:x 😀']) {
      expect(marksOf(text).marks.map(mark => mark.text).join('')).toBe(text)
    }
  })
})
