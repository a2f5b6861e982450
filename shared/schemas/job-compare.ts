import { z } from 'zod'
import { Attempt, RunNumber } from './event.ts'
import { JobSummary } from './job.ts'
import { Id, Json } from './primitives.ts'

/** `with`: another job, or `last-success`: the newest older job of the same type and queue that completed; default: the job itself. */
export const CompareQuery = z.object({
  with: z.union([z.literal('last-success'), Id], { error: 'must be a job id, or last-success' }).optional(),
  run: RunNumber.optional().describe('run of the job; default: its last one'),
  with_run: RunNumber.optional().describe('run of the other; default: its last one, of the same job the one before'),
})
export type CompareQuery = z.infer<typeof CompareQuery>

/** One of the two things compared. */
export const CompareSide = z.object({
  job: JobSummary,
  run: Attempt.nullable().describe('null: it has not run'),
  waited_ms: z.number().nullable().describe('from being due, or from the end of the run before, to its start'),
  payload_bytes: z.number(),
  result_bytes: z.number().nullable().describe('null: this run left no result'),
  log_lines: z.number(),
})
export type CompareSide = z.infer<typeof CompareSide>

/** A place where payload, result or tags differ; a value of more than 2 KiB is cut and given as text. */
export const CompareChange = z.object({
  part: z.enum(['payload', 'result', 'tags']),
  pointer: z.string().describe('JSON pointer (RFC 6901); of what was removed into before, else into after'),
  kind: z.enum(['added', 'removed', 'changed']),
  before: Json.optional(),
  after: Json.optional(),
  before_cut: z.literal(true).optional(),
  after_cut: z.literal(true).optional(),
})
export type CompareChange = z.infer<typeof CompareChange>

const Line = z.object({ kind: z.enum(['same', 'removed', 'added']), before: z.number().nullable(), after: z.number().nullable(), text: z.string() })
const Text = z.object({ lines: z.array(Line), cut: z.boolean().describe('true: there is more than is shown') })

/** Two runs side by side. */
export const Comparison = z.object({
  before: CompareSide.nullable().describe('null: no older job of this type and queue completed among those looked through'),
  after: CompareSide,
  looked_through: z.number().nullable().describe('with last-success: how many older jobs were looked through, at most'),
  changes: z.array(CompareChange).describe('at most 500'),
  change_count: z.number(),
  error: Text,
  log: Text,
})
export type Comparison = z.infer<typeof Comparison>
