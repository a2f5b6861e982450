import { describe, expect, it } from 'vitest'
import { createLookPatience } from '#server/domain/engine/look-patience.ts'

/** Looks whenever the patience is over, once a second for `seconds`; answers at which seconds. */
function looksOf(options: { seconds: number, abandoned?: (second: number) => boolean, found?: (second: number) => boolean }): number[] {
  const patience = createLookPatience({ firstMs: 5000, mostMs: 60_000 })
  const looks: number[] = []
  for (let second = 0; second <= options.seconds; second++) {
    if (!patience.isOver('mail', options.abandoned?.(second) ?? true, second * 1000)) continue
    looks.push(second)
    patience.looked('mail', options.found?.(second) ?? false)
  }
  return looks
}

describe('looking for lost hints', () => {
  it('waits twice as long after each look in vain, up to a minute', () => {
    expect(looksOf({ seconds: 260 })).toEqual([5, 15, 35, 75, 135, 195, 255])
  })
  it('looks every five seconds while it finds some', () => {
    expect(looksOf({ seconds: 20, found: () => true })).toEqual([5, 10, 15, 20])
  })
  it('is as quick as at first after a look that found some', () => {
    expect(looksOf({ seconds: 45, found: second => second === 35 })).toEqual([5, 15, 35, 40])
  })
  it('begins anew whenever the lane was not abandoned in between', () => {
    expect(looksOf({ seconds: 20, abandoned: second => second % 5 !== 4 })).toEqual([])
  })
  it('treats each lane for itself', () => {
    const patience = createLookPatience({ firstMs: 5000, mostMs: 60_000 })
    for (const now of [0, 5000]) patience.isOver('mail', true, now)
    patience.looked('mail', false)
    patience.isOver('text', true, 5000)
    expect(patience.isOver('text', true, 10_000)).toBe(true)
    expect(patience.isOver('mail', true, 10_000)).toBe(false)
  })
})
