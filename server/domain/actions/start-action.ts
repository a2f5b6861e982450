import { AppError } from '#server/domain/app-error.ts'
import { newId } from '#server/infra/new-id.ts'
import { OTHER_GROUP } from '#server/domain/engine/error-form.ts'
import { queueRule } from '#server/domain/engine/queue-rules.ts'
import { countJobsOfAction, type Counted } from '#server/domain/actions/count-jobs-of-action.ts'
import { errorGroupOfFilter } from '#server/domain/actions/match-jobs.ts'
import { getAction } from '#server/domain/actions/read-actions.ts'
import { findSample, insertAction } from '#server/domain/actions/store.ts'
import { toSummary } from '#server/domain/jobs/present-job.ts'
import { needsConfirm, type JobActionName } from '#shared/job-actions.ts'
import type { JobAction, JobActionBody, JobActionPreview } from '#shared/schemas/action.ts'

interface Operator { organizationId: string, actor: string }
/** How long a request looks at jobs to count them; a confirmed action is worth a longer wait. */
const PREVIEW_MS = 3000
const CONFIRM_MS = 8000

/** What an action would do: how many jobs, and some of them. Throws VALIDATION_ERROR for a search that makes no sense, CONFLICT for a queue that takes no jobs and for the group of other errors. */
export async function previewAction({ organizationId }: Operator, body: JobActionBody): Promise<JobActionPreview> {
  checkTarget(organizationId, body)
  const { action, filter, ids } = body
  const { matched, isExact, untouched, sample } = await countJobsOfAction({ organizationId, action, filter, ids, below: newId(), budgetMs: PREVIEW_MS })
  return {
    dry_run: true, action, matched, is_exact: isExact, untouched, confirm: needsConfirm(action, matched) ? String(matched) : null,
    sample: (await findSample(organizationId, sample)).map(toSummary),
  }
}

/**
 * Begins an action: its jobs are those that match now, those made later are left alone. The worker does the rest. Throws
 * CONFLICT when it needs to be confirmed and the number is missing or another one (`matched` in the answer).
 */
export async function startAction({ organizationId, actor }: Operator, body: JobActionBody): Promise<JobAction> {
  checkTarget(organizationId, body)
  const { action, filter, ids, reason, priority, rate } = body
  const id = newId()
  const counted = await countJobsOfAction({ organizationId, action, filter, ids, below: id, budgetMs: needsConfirm(action, Infinity) ? CONFIRM_MS : PREVIEW_MS })
  checkConfirmed(action, body.confirm, counted)
  const { matched, isExact } = counted
  const state = counted.ids === undefined ? 'gathering' : matched === 0 ? 'completed' : 'running'
  await insertAction({ id, organizationId, action, state, actor, reason, filter, errorGroup: filter && errorGroupOfFilter(filter), priority, queueName: body.queue_name, rate, matched, isExact, ids: counted.ids ?? [] })
  return getAction(organizationId, id)
}

function checkTarget(organizationId: string, { queue_name: name, filter }: JobActionBody): void {
  if (filter && errorGroupOfFilter(filter) === OTHER_GROUP) {
    throw new AppError('CONFLICT', 'These are many different errors counted together, and their jobs are not kept apart. Act on the dead letter instead, by queue.')
  }
  if (name !== undefined && queueRule(organizationId, name)?.enabled === false) {
    throw new AppError('CONFLICT', `The queue ${name} takes no new jobs. To enable it: PUT /api/v1/queues/${name}/config with {"enabled": true}.`)
  }
}

function checkConfirmed(action: JobActionName, given: string | undefined, { matched, isExact }: Counted): void {
  if (!needsConfirm(action, matched)) return
  const refuse = (message: string) => new AppError('CONFLICT', message, { details: [{ field: 'confirm', message: isExact ? `must be "${matched}"` : 'is not possible for so many', code: 'confirm' }], extra: { matched, is_exact: isExact } })
  if (!isExact) throw refuse(`More than ${matched} jobs match, too many to count in time. Narrow the filter, by a queue or a time, and do it in parts.`)
  if (given === undefined) throw refuse(`This would ${action} ${matched} jobs. Send it again with "confirm": "${matched}" when that is what you mean.`)
  if (given !== String(matched)) throw refuse(`${matched} jobs match now, not ${given}. Look again, and confirm that number.`)
}
