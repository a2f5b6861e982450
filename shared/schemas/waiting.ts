import { z } from 'zod'
import { Id, Timestamp } from './primitives.ts'

/**
 * Why a job that is neither running nor over does not run, in the order in which reasons are looked for: the first that
 * holds is told. `next`, `on_belt` and `alone` are no obstacles: the job goes by itself in a moment.
 */
export const WAITING_CODES = [
  'expiring', 'scheduled', 'retry', 'due', 'dependencies', 'queue_paused', 'external_worker', 'belt_away', 'workers_refuse', 'no_worker',
  'ordering_key', 'concurrency_key', 'key_free', 'concurrency_limit', 'rate_limit', 'in_line', 'back_in_line', 'alone', 'next', 'on_belt',
] as const
export type WaitingCode = (typeof WAITING_CODES)[number]

/** What a person can do about it. */
export const REMEDIES = ['resume_queue', 'run_now', 'open_job', 'change_limit', 'start_worker', 'look_at_health'] as const

/** Why a job waits. Times in `text` are RFC 3339, jobs in it are told by their whole id. */
export const Waiting = z.object({
  code: z.enum(WAITING_CODES).describe('the reason as a word; next, on_belt and alone: it goes by itself in a moment'),
  text: z.string().describe('the reason as a sentence'),
  since: Timestamp.optional().describe('it has held since'),
  until: Timestamp.optional().describe('it ends then at the latest, or then the next start is allowed'),
  blocked_by: z.array(Id).min(1).optional().describe('the jobs that hold what it needs, at most 20'),
  remedy: z.object({
    action: z.enum(REMEDIES),
    text: z.string().describe('what to do'),
    request: z.string().optional().describe('method and path that does it'),
  }).optional(),
})
export type Waiting = z.infer<typeof Waiting>
