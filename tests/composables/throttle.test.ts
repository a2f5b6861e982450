import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { throttle } from '../../composables/throttle.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('throttled refetching', () => {
  it('runs at once, then once per interval, and never forgets the last call', () => {
    let runs = 0
    const { call } = throttle(() => runs++, 1000)
    for (let time = 0; time < 2500; time += 100) {
      call()
      vi.advanceTimersByTime(100)
    }
    expect(runs).toBe(3)
    vi.advanceTimersByTime(5000)
    expect(runs).toBe(4)
  })
  it('is silent after it was cancelled', () => {
    let runs = 0
    const { call, cancel } = throttle(() => runs++, 1000)
    call()
    call()
    cancel()
    vi.advanceTimersByTime(5000)
    expect(runs).toBe(1)
  })
})
