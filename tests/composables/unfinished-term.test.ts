import { describe, expect, it } from 'vitest'
import { unfinishedAt } from '../../composables/unfinished-term.ts'

const hint = (text: string, cursor = text.length) => unfinishedAt(text, cursor)?.hint ?? null

describe('what is still being written in the search box', () => {
  it('is a name on its way to its colon, which as a word is looked for with Enter', () => {
    for (const text of ['que', 'queue', 'state:failed pay', 'payload.us', '-tag.']) expect(hint(text)).toContain('goes on with ":"')
    for (const text of ['mail', 'timeout', 'q', '0197c4d2']) expect(hint(text)).toBeNull()
  })
  it('is a qualifier without its value, or with the beginning of one', () => {
    expect(hint('queue:')).toBe('For example queue:mail – the name of the queue.')
    expect(hint('priority:>')).toContain('priority:>5')
    for (const text of ['queue:mail,', 'age:>=', 'runs:..', 'state:fai', 'payload.user.id:']) expect(hint(text)).toContain('For example')
    for (const text of ['queue:mail', 'priority:>5', 'runs:1..', 'state:failed', 'state:done', 'created:2026-11-20']) expect(hint(text)).toBeNull()
  })
  it('is a text whose quotation mark is open', () => {
    expect(hint('error:"timed ou')).toBe('A closing quotation mark ends the text.')
    expect(hint('"say \\"no')).toBe('A closing quotation mark ends the text.')
    expect(hint('error:"timed out"')).toBeNull()
  })
  it('is none of what stands before the place, nor a word that is being changed in its middle', () => {
    expect(hint('queue: state:failed')).toBeNull()
    expect(hint('queue:mail', 3)).toBeNull()
    expect(hint('queue: state:failed', 6)).toContain('queue:mail')
  })
  it('is no name that there is not: that is a mistake', () => {
    expect(hint('colour:')).toBeNull()
  })
})
