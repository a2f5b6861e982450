import { z } from 'zod'
import { JobSummary } from './job.ts'
import { Cursor, Id, Limit, QueueName, Reason, StorableText, TimeInput, Timestamp } from './primitives.ts'
import { SERIES_RANGES } from './system.ts'

/** `muted`: nobody wants to hear of it (for a time); `regressed`: was resolved and failed again. */
export const ERROR_GROUP_STATES = ['open', 'muted', 'resolved', 'regressed'] as const
export type ErrorGroupState = (typeof ERROR_GROUP_STATES)[number]
const State = z.enum(ERROR_GROUP_STATES)

/** Failures that say the same, over all queues. */
export const ErrorGroupSummary = z.object({
  id: Id.describe('made of the form: the same error has the same id always'),
  form: z.string().describe('what they have in common; stack frames on lines of their own'),
  message: z.string().describe('the text of the first one; in lists its first 500 characters'),
  state: State,
  count: z.number().int().describe('runs that failed so'),
  first_seen: Timestamp,
  last_seen: Timestamp,
  first_job_id: Id,
  last_job_id: Id,
  last_version: z.string().nullable().describe('of the worker that ran the newest one'),
  queues: z.array(z.string()).describe('most failures first, at most ten'),
  job_types: z.array(z.string()),
  trend: z.array(z.number().int()).describe('failures per hour, the last 24, the present hour last'),
  muted_until: Timestamp.nullable(),
  resolved_at: Timestamp.nullable(),
  regressed: z.object({ at: Timestamp, job_id: Id, version: z.string().nullable() }).nullable().describe('how it came back after it was last resolved'),
})
export type ErrorGroupSummary = z.infer<typeof ErrorGroupSummary>

/** Several words with commas, or a repeated parameter. */
const states = z.preprocess(value => (Array.isArray(value) ? value : [value]).flatMap(part => String(part).split(',')), z.array(State).min(1)).optional()
export const ListErrorsQuery = z.object({
  state: states.describe('several with commas'),
  queue_name: QueueName.optional(),
  queue: QueueName.optional().describe('same as queue_name'),
  job_type: StorableText.min(1).max(100).optional(),
  type: StorableText.min(1).max(100).optional().describe('same as job_type'),
  q: StorableText.min(1).max(200).optional().describe('text that the error holds, in either case'),
  limit: Limit,
  cursor: Cursor.optional(),
})
export type ListErrorsQuery = z.infer<typeof ListErrorsQuery>

const Counts = z.object(Object.fromEntries(ERROR_GROUP_STATES.map(state => [state, z.number().int()])) as Record<ErrorGroupState, z.ZodNumber>)
export const ErrorGroupList = z.object({
  errors: z.array(ErrorGroupSummary),
  counts: Counts.describe('all groups by state, whatever the filters'),
  next_cursor: z.string().nullable(),
})
export type ErrorGroupList = z.infer<typeof ErrorGroupList>

export const ERROR_STORY_KINDS = ['first_seen', 'muted', 'unmuted', 'resolved', 'reopened', 'regressed', 'retried', 'acted'] as const
/** One step of a group's story. Steps with an `actor` were somebody's doing. */
export const ErrorStoryStep = z.object({
  at: Timestamp, kind: z.enum(ERROR_STORY_KINDS), actor: z.string().optional(), reason: z.string().optional(), job_id: Id.optional(),
  action_id: Id.optional().describe('the action on many jobs that did it'),
  text: z.string().describe('the step as a sentence'),
})
export type ErrorStoryStep = z.infer<typeof ErrorStoryStep>

export const ErrorQuery = z.object({ range: z.enum(Object.keys(SERIES_RANGES) as [keyof typeof SERIES_RANGES, ...(keyof typeof SERIES_RANGES)[]]).default('24h') })
export const ErrorGroup = ErrorGroupSummary.extend({
  places: z.array(z.object({ queue_name: z.string(), job_type: z.string().nullable(), count: z.number().int(), last_seen: Timestamp })),
  series: z.object({ range: z.string(), from: Timestamp, step_seconds: z.number(), points: z.array(z.number().int()) }),
  dead_jobs: z.number().int().describe('jobs in the dead letter whose last run failed so'),
  dead_jobs_at_least: z.boolean().describe('true: there are more than were counted'),
  jobs: z.array(JobSummary).describe('the newest jobs that failed so'),
  story: z.array(ErrorStoryStep).describe('oldest first'),
})
export type ErrorGroup = z.infer<typeof ErrorGroup>

export const MuteErrorBody = z.strictObject({
  until: TimeInput.nullable().describe('when it is open again; null: until somebody unmutes it'),
  reason: Reason,
}).refine(body => body.until === null || Date.parse(body.until) > Date.now(), { path: ['until'], message: 'must lie in the future' })
export type MuteErrorBody = z.infer<typeof MuteErrorBody>
