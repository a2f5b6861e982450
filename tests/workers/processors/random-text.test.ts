import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import randomText from '../../../workers/processors/random-text.ts'

const make = async (length: number, seed?: string | number, signal = new AbortController().signal) => {
  const outcome = await randomText({ payload: { length, seed }, signal, progress: () => {}, log: () => {}, output: () => {}, run: 1, failures: 0 })
  if (outcome.kind !== 'ok') throw new Error('not ok')
  return outcome.result as string
}

describe('random text', () => {
  it('has exactly as many characters as asked, made of words and single spaces', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 30_000 }), async (length) => {
      const text = await make(length)
      expect(text).toHaveLength(length)
      expect(text).toMatch(/^[a-z]+( [a-z]+)* ?$/)
    }), { numRuns: 50 })
  })

  it('is the same for the same seed and another one for another seed', async () => {
    expect(await make(5000, 'dusk')).toBe(await make(5000, 'dusk'))
    expect(await make(5000, 7)).toBe(await make(5000, 7))
    expect(await make(200, 'dusk')).not.toBe(await make(200, 'dawn'))
    expect(await make(200)).not.toBe(await make(200))
  })

  it('begins the same whatever the length, since the seed alone decides', async () => {
    expect((await make(100_000, 'dusk')).startsWith(await make(300, 'dusk'))).toBe(true)
  })

  it('stops in the middle when its time is up', async () => {
    await expect(make(1_000_000, 'dusk', AbortSignal.abort(new Error('timeout')))).rejects.toThrow('timeout')
  })
})
