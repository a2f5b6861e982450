import { z } from 'zod'
import { StorableText } from './primitives.ts'

const Milliseconds = z.number().int().min(0).max(600_000)

/** Payload of the drill job types: a job that behaves as told, for load tests, fire drills and trying things out. More fields are fine. */
export const DrillPayload = z.looseObject({
  sleep_ms: Milliseconds.optional().describe('sleeps this long, and stops when told to'),
  progress: z.boolean().optional().describe('reports progress while it sleeps'),
  log: z.array(StorableText.max(8192)).max(1000).optional().describe('lines to log'),
  fail_times: z.number().int().min(0).max(1000).optional().describe('the first so many runs fail'),
  retryable: z.boolean().optional().describe('false: a failure is final'),
  retry_after_ms: Milliseconds.optional().describe('the wait before the retry, in place of the backoff'),
  throw: z.enum(['error', 'text']).optional().describe('throws an Error, or a plain text'),
  snooze_ms: Milliseconds.optional().describe('the first run asks to be run again after this time'),
  block_ms: Milliseconds.optional().describe('keeps its thread busy without a pause'),
  leak_mb: z.number().int().min(0).max(65_536).optional().describe('takes this much memory and keeps it'),
  exit: z.boolean().optional().describe('ends its own process'),
  hang: z.boolean().optional().describe('never ends, whatever it is told'),
})
export type DrillPayload = z.infer<typeof DrillPayload>
