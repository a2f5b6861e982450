import { z } from 'zod'
import { Id, Limit, Timestamp } from './primitives.ts'

/** How a run ended; `running` while it has not. `lost`: its worker fell silent; `crashed`: it ended its process; `handed_back`: its worker stopped. */
export const ATTEMPT_OUTCOMES = ['running', 'completed', 'failed', 'cancelled', 'snoozed', 'lost', 'crashed', 'handed_back'] as const
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number]

/** One run of a job. */
export const Attempt = z.object({
  run: z.number().int(),
  outcome: z.enum(ATTEMPT_OUTCOMES),
  error: z.string().nullable(),
  error_group: Id.nullable().describe('the group of errors this run belongs to, when it failed'),
  worker_id: Id.nullable(),
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
  duration_ms: z.number().nullable(),
  worker_name: z.string().nullable().describe('as it called itself, also when it is gone'),
  worker_version: z.string().nullable().describe('of the product that ran it'),
})
export type Attempt = z.infer<typeof Attempt>

export const RunNumber = z.coerce.number().int().min(1).max(2_147_483_647)
/** `before`: only runs below this number, the last one of the page before. */
export const ListAttemptsQuery = z.object({ limit: Limit, before: RunNumber.optional() })

/** A line that a processor logged; `line` counts from 1 in each run. */
export const LogLine = z.object({ run: z.number().int(), line: z.number().int(), at: Timestamp, text: z.string() })
export type LogLine = z.infer<typeof LogLine>
/** `after`: the place of the last line seen, `run:line`; the next page is also in `X-Next-Cursor`. */
export const ListLogsQuery = z.object({
  run: RunNumber.optional(),
  after: z.string().regex(/^\d{1,9}:\d{1,9}$/, 'must be run:line of the last line seen').optional(),
  limit: z.coerce.number({ error: 'must be a whole number from 1 to 1000' }).int().min(1).max(1000).default(100),
})
export type ListLogsQuery = z.infer<typeof ListLogsQuery>
/** The log as a file: of one run, or of all. */
export const LogTextQuery = z.object({ run: RunNumber.optional() })

export const TIMELINE_KINDS = [
  'created', 'scheduled', 'started', ...ATTEMPT_OUTCOMES, 'retrying', 'expired', 'cancel_requested', 'retried', 'run_now', 'priority_changed', 'purged', 'copied', 'made_from', 'moved', 'restored',
] as const
/** One step of a job's story. Steps with an `actor` were somebody's doing. */
export const TimelineEntry = z.object({
  at: Timestamp,
  kind: z.enum(TIMELINE_KINDS),
  run: z.number().int().optional(),
  actor: z.string().optional(),
  reason: z.string().optional(),
  job_id: Id.optional().describe('the other job, of copied and made_from'),
  action_id: Id.optional().describe('the action on many jobs this was a part of'),
  text: z.string().describe('the step as a sentence'),
})
export type TimelineEntry = z.infer<typeof TimelineEntry>
