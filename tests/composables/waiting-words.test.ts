import { describe, expect, it } from 'vitest'
import { moment, waitingParts, waitingShort, waitingText } from '../../composables/waiting-words.ts'
import { WAITING_CODES } from '../../shared/schemas/waiting.ts'

const NOW = Date.parse('2026-11-21T12:00:00.000Z')
const ID = '0197c4d2-0000-7000-8000-00000000abcd'

describe('the sentence of a waiting job', () => {
  it('comes apart into words, moments and jobs, and loses nothing', () => {
    const until = '2026-11-21T12:00:30.000Z'
    const text = `It waits for ${ID}, which failed and is tried again at ${until}.`
    const parts = waitingParts({ code: 'ordering_key', text, until, blocked_by: [ID] })
    expect(parts.map(part => part.kind)).toEqual(['words', 'job', 'words', 'time', 'words'])
    expect(parts.map(part => part.text).join('')).toBe(text)
  })
  it('leaves moments and ids that somebody wrote as they are', () => {
    const text = `Paused: see ${ID} of 2026-11-20T12:00:30.000Z`
    expect(waitingText({ code: 'queue_paused', text, since: '2026-11-21T11:00:00.000Z' }, NOW)).toBe(text)
  })
  it('tells a moment exactly and relatively, and the day only when it is another one', () => {
    expect(moment('2026-11-21T12:00:30.000Z', NOW, 'utc')).toBe('12:00:30Z (in 30 s)')
    expect(moment('2026-11-23T12:00:00.000Z', NOW, 'utc')).toBe('2026-11-23 12:00:00Z (in 2 d)')
    const waiting = { code: 'ordering_key' as const, text: `After ${ID} since 2026-11-21T11:59:00.000Z`, since: '2026-11-21T11:59:00.000Z', blocked_by: [ID] }
    expect(waitingText(waiting, NOW)).toMatch(/^After 00000000abcd since \d\d:\d\d:00 \(1 m ago\)$/)
  })
  it('has a short form for every reason, and never promises the past', () => {
    for (const code of WAITING_CODES) expect(waitingShort({ code, text: 'x', blocked_by: [ID] }, NOW)).toMatch(/^[A-Z]/)
    expect(waitingShort({ code: 'scheduled', text: 'x', until: '2026-11-21T11:00:00.000Z' }, NOW)).toBe('Starts now')
    expect(waitingShort({ code: 'ordering_key', text: 'x', blocked_by: [ID] }, NOW)).toBe('In order, after 00000000abcd')
  })
})
