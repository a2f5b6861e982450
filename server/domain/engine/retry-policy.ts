import type { Backoff } from '#shared/schemas/job.ts'
import type { RunOutcome } from '#server/domain/engine/store.ts'
import type { JobState } from '#shared/job-states.ts'

/** What a processor answers. `delayMs` of fail overrides the backoff (a Retry-After). */
export type Outcome =
  | { kind: 'ok', result: unknown }
  | { kind: 'fail', error: string, retryable?: boolean, delayMs?: number }
  | { kind: 'cancel', reason: string }
  | { kind: 'snooze', delayMs: number }
  /** The process that ran it alone died: proof that this job did it. */
  | { kind: 'crash', error: string }
  /** Not finished here (the worker stops): runs again elsewhere, counted as nothing. */
  | { kind: 'hand-back' }

export interface NextStep { state: JobState, outcome: RunOutcome, delayMs: number }

/** A job that crashed this often goes to the dead letter: it probably ends its workers. */
export const CRASH_LIMIT = 3
/** The longest wait a processor or a Retry-After can ask for. */
export const DELAY_MAX_MS = 24 * 3600 * 1000
const DEFAULT_BACKOFF: Backoff = { kind: 'exponential', base_ms: 1000, factor: 2, max_ms: 60_000, jitter: 0.1 }

/**
 * Where a run leads: the one retry policy of jobs and deliveries.
 * @param failures failed runs before this one; a job fails at most `maxRetries + 1` times.
 * @param crashes proven crashes before this one, counted apart: the third is final.
 * @param random 0 to 1, for the jitter.
 */
export function decideNextStep(options: { outcome: Outcome, failures: number, crashes: number, maxRetries: number, backoff: Backoff | null, random: number }): NextStep {
  const { outcome, failures, crashes, maxRetries, backoff, random } = options
  if (outcome.kind === 'ok') return { state: 'completed', outcome: 'completed', delayMs: 0 }
  if (outcome.kind === 'cancel') return { state: 'cancelled', outcome: 'cancelled', delayMs: 0 }
  if (outcome.kind === 'snooze') return { state: 'scheduled', outcome: 'snoozed', delayMs: wholeDelay(outcome.delayMs) }
  if (outcome.kind === 'hand-back') return { state: 'pending', outcome: 'handed_back', delayMs: 0 }
  if (outcome.kind === 'crash') return { state: crashes + 1 >= CRASH_LIMIT ? 'failed' : 'pending', outcome: 'crashed', delayMs: 0 }
  if (outcome.retryable === false || failures >= maxRetries) return { state: 'failed', outcome: 'failed', delayMs: 0 }
  const delayMs = outcome.delayMs ?? backoffDelay(backoff ?? DEFAULT_BACKOFF, failures + 1, random)
  return { state: 'retrying', outcome: 'failed', delayMs: wholeDelay(delayMs) }
}

/** A wait as the database takes it, whatever a processor asked for. */
const wholeDelay = (milliseconds: number): number => Number.isNaN(milliseconds) ? 0 : Math.round(Math.min(DELAY_MAX_MS, Math.max(0, milliseconds)))

/** The wait of retry `n` before cap and jitter; a list (which has no cap) that is used up goes on with its last entry. */
function grownDelay(backoff: Backoff, n: number): number {
  if (backoff.kind === 'custom') return backoff.delays_ms?.[Math.min(n, backoff.delays_ms.length) - 1] ?? backoff.base_ms
  return backoff.kind === 'fixed' ? backoff.base_ms : backoff.base_ms * backoff.factor ** (n - 1)
}

/** Milliseconds before retry `n` (from 1). Grows up to `max_ms`; jitter only ever adds, up to its share of the delay. */
export function backoffDelay(backoff: Backoff, n: number, random: number): number {
  const capped = backoff.kind === 'custom' ? grownDelay(backoff, n) : Math.min(grownDelay(backoff, n), backoff.max_ms)
  return capped * (1 + backoff.jitter * random)
}
