import { z } from 'zod'
import { ACTION_IDS_MAX, ACTION_RATE, ITEMS_KEPT_DAYS, JOB_ACTION_STATES, JOB_ACTIONS, SKIP_REASONS } from '../job-actions.ts'
import { SEARCH_LIMITS } from '../search-fields.ts'
import { JobState, JobSummary, ListJobsQuery, Priority } from './job.ts'
import { Cursor, Id, Limit, QueueName, Reason, StorableText, Timestamp } from './primitives.ts'

const JobActionName = z.enum(JOB_ACTIONS)
type JobActionBodyAction = z.infer<typeof JobActionName>
/** The jobs that the list shows with the same query; an empty one means all. */
export const JobActionFilter = z.strictObject({
  q: StorableText.max(SEARCH_LIMITS.length).optional().describe('in the search language'),
  state: z.array(JobState).min(1).max(20).optional(),
  queue_name: QueueName.optional(),
  job_type: ListJobsQuery.shape.job_type,
  error_group: Id.optional().describe('jobs with a run that failed so; of those that ended failed, the last run'),
})
export type JobActionFilter = z.infer<typeof JobActionFilter>

/** Body of `POST /api/v1/job-actions`. */
export const JobActionBody = z.strictObject({
  action: JobActionName,
  filter: JobActionFilter.optional().describe('what the list of jobs filters by; {} means all'),
  ids: z.array(Id).min(1).max(ACTION_IDS_MAX).optional().describe('instead of a filter'),
  dry_run: z.boolean().default(false).describe('only says what would happen (200)'),
  reason: Reason,
  priority: Priority.optional().describe('with action priority, and needed there'),
  queue_name: QueueName.optional().describe('where to, with action move, and needed there'),
  rate: z.number().int().min(1).max(ACTION_RATE.max).default(ACTION_RATE.default).describe('jobs per second, at most'),
  confirm: z.string().max(20).optional().describe('the number of jobs, as the dry run said: for a purge, and for a cancel of many. 409 when another number matches now'),
}).superRefine((body, context) => {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
  if ((body.filter === undefined) === (body.ids === undefined)) refuse('filter', 'or ids is required, and they exclude each other')
  const belongs = (field: 'priority' | 'queue_name', action: JobActionBodyAction, hint = '') => {
    const isRight = body[field] === undefined ? body.action !== action || body.dry_run : body.action === action
    if (!isRight) refuse(field, `belongs to the action ${action}, and is required there${hint}`)
  }
  belongs('priority', 'priority')
  belongs('queue_name', 'move', ' (the queue to move from is filter.queue_name)')
})
export type JobActionBody = z.infer<typeof JobActionBody>

const Count = z.number().int()
/** What an action would do. */
export const JobActionPreview = z.object({
  dry_run: z.literal(true),
  action: JobActionName,
  matched: Count.describe('jobs that would change'),
  is_exact: z.boolean().describe('false: at least so many; there was no time to count further'),
  untouched: Count.describe('jobs that match but stay as they are, since their state does not allow it'),
  confirm: z.string().nullable().describe('what confirm has to be; null when nothing needs to be confirmed'),
  sample: z.array(JobSummary).describe('some of the jobs that would change, newest first'),
})
export type JobActionPreview = z.infer<typeof JobActionPreview>

/** An action on many jobs: who, why, how far. `matched` = done + skipped + failed + the jobs whose turn has not come. */
export const JobAction = z.object({
  id: Id,
  action: z.enum([...JOB_ACTIONS, 'undo']),
  state: z.enum(JOB_ACTION_STATES).describe('gathering: the jobs are being written down; running; completed; aborted'),
  undoes: Id.nullable().describe('the action this one takes back'),
  undone_by: Id.nullable().describe('the action that takes this one back'),
  undo_until: Timestamp.nullable().describe('until when it can be taken back; null when it cannot'),
  actor: z.string(),
  reason: z.string().nullable(),
  filter: JobActionFilter.nullable().describe('null: the jobs were named by their ids'),
  priority: z.number().nullable(),
  queue_name: z.string().nullable(),
  rate: Count.describe('jobs per second, at most'),
  matched: Count,
  is_exact: z.boolean().describe('false while the jobs are still being gathered and more than matched may turn up'),
  done: Count,
  failed: Count,
  skipped: Count,
  skipped_by: z.partialRecord(z.enum(SKIP_REASONS), Count),
  per_second: z.number().nullable().describe('measured, since it began'),
  last_error: z.string().nullable(),
  ended_by: z.string().nullable().describe('who aborted it'),
  end_reason: z.string().nullable(),
  created_at: Timestamp,
  started_at: Timestamp.nullable(),
  ended_at: Timestamp.nullable(),
})
export type JobAction = z.infer<typeof JobAction>

export const ListJobActionsQuery = z.object({ limit: Limit, cursor: Cursor.optional() })

/** One job of an action; `outcome` null while its turn has not come. Known for a few days. */
export const JobActionItem = z.object({
  job_id: Id,
  outcome: z.enum(['done', 'skipped', 'failed']).nullable(),
  reason: z.string().nullable().describe('why it was skipped, or what failed'),
  before: z.object({ state: JobState, queue_name: z.string(), priority: z.number() }).nullable().describe('how the job was before'),
  at: Timestamp.nullable(),
})
export type JobActionItem = z.infer<typeof JobActionItem>
/** Lists the jobs of an action in the order of their ids. */
export const ListJobActionItemsQuery = z.object({
  outcome: z.enum(['done', 'skipped', 'failed']).optional(), job_id: Id.optional(), limit: Limit, cursor: Cursor.optional(),
}).describe(`known for ${ITEMS_KEPT_DAYS} days`)
export type ListJobActionItemsQuery = z.infer<typeof ListJobActionItemsQuery>
