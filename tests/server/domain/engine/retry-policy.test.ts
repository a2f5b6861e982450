import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelay, decideNextStep } from '#server/domain/engine/retry-policy.ts'
import { LEGAL_MOVES } from '#shared/job-states.ts'

const failing = { kind: 'fail', error: 'boom' } as const
const backoff = fc.record({
  kind: fc.constantFrom('fixed' as const, 'exponential' as const), base_ms: fc.integer({ min: 0, max: 10_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }), max_ms: fc.integer({ min: 0, max: 100_000 }), jitter: fc.double({ min: 0, max: 1, noNaN: true }),
})
const outcome = fc.oneof(
  fc.constant({ kind: 'ok' as const, result: 1 }),
  fc.record({ kind: fc.constant('fail' as const), error: fc.string(), retryable: fc.option(fc.boolean(), { nil: undefined }), delayMs: fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: undefined }) }),
  fc.constant({ kind: 'cancel' as const, reason: 'no longer needed' }),
  fc.record({ kind: fc.constant('snooze' as const), delayMs: fc.integer({ min: -5, max: 1e6 }) }),
)

describe('where a run leads', () => {
  it('is a legal move from running, whatever the outcome', () => {
    fc.assert(fc.property(outcome, backoff, fc.nat(5), fc.nat(5), fc.double({ min: 0, max: 1, noNaN: true }), (outcome, backoff, failures, maxRetries, random) => {
      const step = decideNextStep({ outcome, backoff, failures, maxRetries, random })
      expect(LEGAL_MOVES.running).toContain(step.state)
      expect(step.delayMs).toBeGreaterThanOrEqual(0)
    }))
  })

  it('runs a job that always fails exactly max_retries + 1 times', () => {
    fc.assert(fc.property(fc.nat(100), (maxRetries) => {
      let runs = 0
      for (let state = 'pending'; state !== 'failed'; runs++) state = decideNextStep({ outcome: failing, failures: runs, maxRetries, backoff: null, random: 0 }).state
      expect(runs).toBe(maxRetries + 1)
    }))
  })

  it('does not retry what the processor calls hopeless', () => {
    expect(decideNextStep({ outcome: { ...failing, retryable: false }, failures: 0, maxRetries: 9, backoff: null, random: 0 }).state).toBe('failed')
  })

  it('waits as long as the processor asks instead of the backoff', () => {
    expect(decideNextStep({ outcome: { ...failing, delayMs: 4321 }, failures: 0, maxRetries: 1, backoff: null, random: 1 })).toMatchObject({ state: 'retrying', delayMs: 4321 })
  })
})

describe('the delay before a retry', () => {
  it('never falls from one retry to the next, and never exceeds the cap and its jitter', () => {
    fc.assert(fc.property(backoff, fc.integer({ min: 1, max: 50 }), (backoff, n) => {
      const [now, later] = [backoffDelay(backoff, n, 0), backoffDelay(backoff, n + 1, 0)]
      expect(later).toBeGreaterThanOrEqual(now)
      expect(backoffDelay(backoff, n, 1)).toBeLessThanOrEqual(backoff.max_ms * (1 + backoff.jitter) + 1e-6)
    }))
  })

  it('doubles from one second without a setting', () => {
    const delays = [0, 1, 2, 3].map(failures => decideNextStep({ outcome: failing, failures, maxRetries: 9, backoff: null, random: 0 }).delayMs)
    expect(delays).toEqual([1000, 2000, 4000, 8000])
  })
})
