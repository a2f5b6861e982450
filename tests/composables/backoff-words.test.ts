import { describe, expect, it } from 'vitest'
import { backoffWords } from '../../composables/backoff-words.ts'
import { Backoff } from '../../shared/schemas/job.ts'

describe('a backoff in words', () => {
  it.each([
    [{}, '1 s, doubling, at most 1 m, up to 10 % more'],
    [{ kind: 'fixed', base_ms: 1500, jitter: 0 }, 'always 1.50 s'],
    [{ factor: 3, jitter: 0.5 }, '1 s, times 3, at most 1 m, up to 50 % more'],
    [{ kind: 'custom', delays_ms: [1000, 60_000], jitter: 0 }, '1 s, 1 m'],
    [{ kind: 'custom', delays_ms: [1, 2, 3, 4, 5, 6, 7, 8], jitter: 0 }, '1 ms, 2 ms, 3 ms, 4 ms, 5 ms, 6 ms, … (8 steps)'],
  ])('%j is "%s"', (backoff, words) => {
    expect(backoffWords(Backoff.parse(backoff))).toBe(words)
  })
})
