import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { JobType } from '#shared/job-types.ts'

/** What the worker tells a thread or child process. `n` numbers the runs it was given: what an earlier run says late is not heard. */
export type ToOutside =
  | { kind: 'run', n: number, type: JobType, payload: unknown, run: number, failures: number }
  | { kind: 'abort', n: number, reason: string }

/** What it answers: first `ready`, then what happens in its runs. With an outcome, `heapMb` says how much memory it keeps. */
export type FromOutside =
  | { kind: 'ready' }
  | { kind: 'progress', n: number, share: number }
  | { kind: 'log', n: number, text: string }
  | { kind: 'outcome', n: number, outcome: Outcome, heapMb: number }
  | { kind: 'dying', error: string }
