import type { Outcome } from '#server/domain/engine/retry-policy.ts'

const KINDS: ReadonlySet<unknown> = new Set<Outcome['kind']>(['ok', 'fail', 'cancel', 'snooze'])

/** A processor's answer as an Outcome: anything else than one it may give is a final failure that says so. */
export function readAnswer(answer: unknown): Outcome {
  if (typeof answer === 'object' && answer !== null && 'kind' in answer && KINDS.has(answer.kind)) return answer as Outcome
  return { kind: 'fail', error: 'The processor answered something other than ok, fail, cancel or snooze.', retryable: false }
}
