import { describe, expect, it } from 'vitest'
import { BUCKETS, bucketOf, quantile } from '#server/domain/engine/time-buckets.ts'

describe('buckets of times', () => {
  it('give a time back with at most a tenth of error, from a millisecond to a month', () => {
    for (let ms = 1; ms < 31 * 86_400_000; ms *= 1.37) {
      const back = quantile([[bucketOf(ms), 1]], 0.5)!
      expect(Math.abs(back - ms) / ms, `${ms} ms`).toBeLessThan(0.1)
    }
  })

  it('have a place for everything, also for what no clock should say', () => {
    for (const ms of [-5, 0, Number.NaN, 1e-9, 1e15, Infinity]) {
      expect(bucketOf(ms)).toBeGreaterThanOrEqual(0)
      expect(bucketOf(ms)).toBeLessThan(BUCKETS)
    }
  })

  it('tell the time that a share did not exceed, whatever their order', () => {
    const counts: [number, number][] = [[bucketOf(1000), 5], [bucketOf(10), 90], [bucketOf(100), 5]]
    expect(quantile(counts, 0.5)).toBeCloseTo(10, -1)
    expect(quantile(counts, 0.9)).toBeCloseTo(10, -1)
    expect(quantile(counts, 0.95)! / 100).toBeCloseTo(1, 0)
    expect(quantile(counts, 0.96)).toBeGreaterThan(900)
    expect(quantile([], 0.5)).toBeNull()
  })
})
