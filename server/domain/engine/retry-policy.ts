import type { Backoff } from '#shared/schemas/job.ts'
import type { JobState } from '#shared/job-states.ts'

/** What a processor answers. `delayMs` of fail overrides the backoff (a Retry-After). */
export type Outcome =
  | { kind: 'ok', result: unknown }
  | { kind: 'fail', error: string, retryable?: boolean, delayMs?: number }
  | { kind: 'cancel', reason: string }
  | { kind: 'snooze', delayMs: number }

export interface NextStep { state: JobState, outcome: 'completed' | 'failed' | 'cancelled' | 'snoozed', delayMs: number }

const DEFAULT_BACKOFF: Backoff = { kind: 'exponential', base_ms: 1000, factor: 2, max_ms: 60_000, jitter: 0.1 }

/**
 * Where a run leads: the one retry policy of jobs and deliveries.
 * @param failures failed runs before this one; a job runs at most `maxRetries + 1` times.
 * @param random 0 to 1, for the jitter.
 */
export function decideNextStep(options: { outcome: Outcome, failures: number, maxRetries: number, backoff: Backoff | null, random: number }): NextStep {
  const { outcome, failures, maxRetries, backoff, random } = options
  if (outcome.kind === 'ok') return { state: 'completed', outcome: 'completed', delayMs: 0 }
  if (outcome.kind === 'cancel') return { state: 'cancelled', outcome: 'cancelled', delayMs: 0 }
  if (outcome.kind === 'snooze') return { state: 'scheduled', outcome: 'snoozed', delayMs: Math.max(0, outcome.delayMs) }
  if (outcome.retryable === false || failures >= maxRetries) return { state: 'failed', outcome: 'failed', delayMs: 0 }
  const delayMs = outcome.delayMs ?? backoffDelay(backoff ?? DEFAULT_BACKOFF, failures + 1, random)
  return { state: 'retrying', outcome: 'failed', delayMs: Math.round(delayMs) }
}

/** Milliseconds before retry `n` (from 1). Grows up to `max_ms`; jitter only ever adds, up to its share of the delay. */
export function backoffDelay(backoff: Backoff, n: number, random: number): number {
  const grown = backoff.kind === 'fixed' ? backoff.base_ms : backoff.base_ms * backoff.factor ** (n - 1)
  const capped = Math.min(grown, backoff.max_ms)
  return capped * (1 + backoff.jitter * random)
}
