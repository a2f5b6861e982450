import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelay, CRASH_LIMIT, decideNextStep, DELAY_MAX_MS, type Outcome } from '#server/domain/engine/retry-policy.ts'
import { LEGAL_MOVES } from '#shared/job-states.ts'
import { Backoff } from '#shared/schemas/job.ts'

const failing = { kind: 'fail', error: 'boom' } as const
const share = fc.double({ min: 0, max: 1, noNaN: true })
const numbers = { base_ms: fc.integer({ min: 0, max: 86_400_000 }), factor: fc.double({ min: 1, max: 10, noNaN: true }), max_ms: fc.integer({ min: 0, max: 86_400_000 }), jitter: share }
const growing = fc.record({ kind: fc.constantFrom('fixed' as const, 'exponential' as const), ...numbers })
const listed = fc.record({ kind: fc.constant('custom' as const), ...numbers, delays_ms: fc.array(fc.integer({ min: 0, max: 604_800_000 }), { minLength: 1, maxLength: 100 }) })
const backoff: fc.Arbitrary<Backoff> = fc.oneof(growing, listed)
const delay = fc.oneof(fc.integer({ min: -5, max: 1e6 }), fc.double({ noNaN: true }))
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant({ kind: 'ok' as const, result: 1 }),
  fc.record({ kind: fc.constant('fail' as const), error: fc.string(), retryable: fc.option(fc.boolean(), { nil: undefined }), delayMs: fc.option(delay, { nil: undefined }) }),
  fc.constant({ kind: 'cancel' as const, reason: 'no longer needed' }),
  fc.record({ kind: fc.constant('snooze' as const), delayMs: delay }),
  fc.constant({ kind: 'crash' as const, error: 'died' }),
  fc.constant({ kind: 'hand-back' as const }),
)
type Options = Parameters<typeof decideNextStep>[0]
const decide = (more: Partial<Options> & Pick<Options, 'outcome'>) => decideNextStep({ failures: 0, crashes: 0, maxRetries: 9, backoff: null, random: 0, ...more })

describe('where a run leads', () => {
  it('is a legal move from running, after a wait of whole milliseconds between nothing and a day, whatever the outcome', () => {
    fc.assert(fc.property(outcome, fc.option(backoff), fc.record({ failures: fc.nat(5), crashes: fc.nat(5), maxRetries: fc.nat(5), random: share }), (outcome, backoff, counts) => {
      const step = decideNextStep({ outcome, backoff, ...counts })
      expect(LEGAL_MOVES.running).toContain(step.state)
      expect(step.delayMs).toBe(Math.round(step.delayMs))
      expect(step.delayMs).toBeGreaterThanOrEqual(0)
      expect(step.delayMs).toBeLessThanOrEqual(DELAY_MAX_MS)
    }))
  })

  it('runs a job that always fails exactly max_retries + 1 times', () => {
    fc.assert(fc.property(fc.nat(100), (maxRetries) => {
      let runs = 0
      for (let state = 'pending'; state !== 'failed'; runs++) state = decide({ outcome: failing, failures: runs, maxRetries }).state
      expect(runs).toBe(maxRetries + 1)
    }))
  })

  it('does not retry what the processor calls hopeless, however many retries are left', () => {
    fc.assert(fc.property(fc.nat(100), fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }), (maxRetries, delayMs) => {
      expect(decide({ outcome: { ...failing, retryable: false, delayMs }, maxRetries })).toEqual({ state: 'failed', outcome: 'failed', delayMs: 0 })
    }))
  })

  it('waits as long as the processor asks instead of the backoff, at most a day', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 3 * DELAY_MAX_MS }), backoff, share, (delayMs, backoff, random) => {
      expect(decide({ outcome: { ...failing, delayMs }, backoff, random })).toMatchObject({ state: 'retrying', delayMs: Math.min(delayMs, DELAY_MAX_MS) })
      expect(decide({ outcome: { kind: 'snooze', delayMs }, backoff, random })).toMatchObject({ state: 'scheduled', delayMs: Math.min(delayMs, DELAY_MAX_MS) })
    }))
  })

  it('is the dead letter with the third crash, and the waiting line before, whatever max_retries and failures say', () => {
    fc.assert(fc.property(fc.nat(6), fc.nat(9), fc.nat(9), (crashes, failures, maxRetries) => {
      const { state, outcome } = decide({ outcome: { kind: 'crash', error: 'died' }, crashes, failures, maxRetries })
      expect({ state, outcome }).toEqual({ state: crashes + 1 >= CRASH_LIMIT ? 'failed' : 'pending', outcome: 'crashed' })
    }))
  })

  it('counts failures alone against max_retries: crashes, snoozes and hand-backs never use one up', () => {
    fc.assert(fc.property(fc.array(outcome, { maxLength: 60 }), fc.nat(4), (outcomes, maxRetries) => {
      const counts = { failures: 0, crashes: 0 }
      for (const outcome of outcomes) {
        if (outcome.kind === 'ok' || outcome.kind === 'cancel') continue
        const step = decide({ outcome, ...counts, maxRetries })
        if (step.outcome === 'failed') counts.failures++
        if (step.outcome === 'crashed') counts.crashes++
        const hopeless = outcome.kind === 'fail' && outcome.retryable === false
        expect(step.state === 'failed').toBe(hopeless || (step.outcome === 'failed' && counts.failures > maxRetries) || (step.outcome === 'crashed' && counts.crashes >= CRASH_LIMIT))
        if (step.state === 'failed') return
      }
    }))
  })
})

describe('the delay before a retry', () => {
  it('never falls from one retry to the next, and stays between the delay and its jitter, under the cap', () => {
    fc.assert(fc.property(growing, fc.integer({ min: 1, max: 100 }), share, (backoff, n, random) => {
      const plain = backoffDelay(backoff, n, 0)
      expect(backoffDelay(backoff, n + 1, 0)).toBeGreaterThanOrEqual(plain)
      expect(plain).toBeLessThanOrEqual(backoff.max_ms)
      expect(backoffDelay(backoff, n, random)).toBeGreaterThanOrEqual(plain)
      expect(backoffDelay(backoff, n, random)).toBeLessThanOrEqual(plain * (1 + backoff.jitter) + 1e-6)
    }))
  })

  it('is the same each time when it is fixed', () => {
    fc.assert(fc.property(growing, fc.integer({ min: 1, max: 100 }), (backoff, n) => {
      expect(backoffDelay({ ...backoff, kind: 'fixed' }, n, 0)).toBe(Math.min(backoff.base_ms, backoff.max_ms))
    }))
  })

  it('multiplies by the factor until the cap when it is exponential', () => {
    fc.assert(fc.property(growing, fc.integer({ min: 1, max: 20 }), (backoff, n) => {
      const wanted = Math.min(backoff.max_ms, Array.from({ length: n - 1 }).reduce<number>(delay => delay * backoff.factor, backoff.base_ms))
      expect(backoffDelay({ ...backoff, kind: 'exponential' }, n, 0)).toBeCloseTo(wanted, -Math.ceil(Math.log10(wanted + 1)) + 9)
    }))
  })

  it('follows a list, its last entry again and again, without a cap but the jitter', () => {
    fc.assert(fc.property(listed, fc.integer({ min: 1, max: 250 }), share, (backoff, n, random) => {
      const wanted = n <= backoff.delays_ms.length ? backoff.delays_ms[n - 1]! : backoff.delays_ms.at(-1)!
      expect(backoffDelay(backoff, n, 0)).toBe(wanted)
      expect(backoffDelay(backoff, n, random)).toBeLessThanOrEqual(wanted * (1 + backoff.jitter) + 1e-6)
    }))
  })

  it('is what the schema lets in: a finite number of milliseconds for every backoff it takes', () => {
    fc.assert(fc.property(backoff, fc.integer({ min: 1, max: 101 }), share, (given, n, random) => {
      expect(Number.isFinite(backoffDelay(Backoff.parse(given), n, random))).toBe(true)
    }))
  })

  it('doubles from one second without a setting', () => {
    const delays = [0, 1, 2, 3].map(failures => decide({ outcome: failing, failures }).delayMs)
    expect(delays).toEqual([1000, 2000, 4000, 8000])
  })
})
