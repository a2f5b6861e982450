import { getJobFacts } from '#server/domain/jobs/get-job.ts'
import { withLastRun } from '#server/domain/jobs/read-attempts.ts'
import { listAttemptRows, listEventRows, type EventRow, type JobFacts } from '#server/domain/jobs/store.ts'
import type { Attempt, TimelineEntry } from '#shared/schemas/event.ts'

/** Newest attempts and events that are told. */
const TOLD = 200
type Step = Omit<TimelineEntry, 'at'> & { at: string | null }

/**
 * The story of a job, oldest first: read from its row and its attempts, and from the events of operators for what no row
 * tells (who, and why). Throws NOT_FOUND.
 */
export async function readTimeline(organizationId: string, id: string): Promise<TimelineEntry[]> {
  const job = await getJobFacts(organizationId, id)
  const [rows, events] = await Promise.all([
    listAttemptRows(organizationId, id, { limit: TOLD }), listEventRows({ organizationId, subjectId: job.id, take: TOLD }),
  ])
  const attempts = withLastRun(job, rows).reverse()
  const retriedAt = events.filter(event => event.action === 'job.retried').map(event => event.createdAt.toISOString())
  const steps: Step[] = [
    ...beginning(job),
    ...attempts.flatMap((attempt, index) => stepsOf(attempt, isLast(attempt, { job, next: attempts[index + 1], retriedAt }))),
    ...(job.state === 'expired' ? [{ at: (job.completedAt ?? job.updatedAt).toISOString(), kind: 'expired' as const, text: 'Expired before it could run.' }] : []),
    ...events.map(event => operatorStep(event, attempts)),
  ]
  return steps.filter((step): step is TimelineEntry => step.at !== null).sort((one, other) => one.at < other.at ? -1 : one.at > other.at ? 1 : 0)
}

function beginning(job: JobFacts): Step[] {
  const at = job.createdAt.toISOString()
  return [
    { at, kind: 'created', text: `Created in the queue ${job.queueName}.` },
    ...(job.scheduledAt ? [{ at, kind: 'scheduled' as const, text: `Scheduled for ${job.scheduledAt.toISOString()}.` }] : []),
  ]
}

/** Whether a failed run was the end of it: the job stayed failed, or an operator had to run it again. */
function isLast(attempt: Attempt, { job, next, retriedAt }: { job: JobFacts, next?: Attempt, retriedAt: string[] }): boolean {
  if (next === undefined) return job.state === 'failed' || retriedAt.some(at => at >= attempt.finished_at!)
  return retriedAt.some(at => at >= attempt.finished_at! && at <= (next.started_at ?? at))
}

function stepsOf(attempt: Attempt, isEnd: boolean): Step[] {
  const { run } = attempt
  const started: Step = { at: attempt.started_at, kind: 'started', run, text: `Run ${run} started.` }
  if (attempt.outcome === 'running') return [started]
  const kind = attempt.outcome === 'failed' && !isEnd ? 'retrying' : attempt.outcome
  return [started, { at: attempt.finished_at, kind, run, text: ENDINGS[kind](run, attempt.error ?? 'no reason given') }]
}

const ENDINGS: Record<Exclude<Attempt['outcome'], 'running'> | 'retrying', (run: number, error: string) => string> = {
  completed: run => `Run ${run} completed.`,
  failed: (run, error) => `Run ${run} failed, and was the last one: ${error}`,
  retrying: (run, error) => `Run ${run} failed: ${error}`,
  cancelled: (run, error) => `Run ${run} was cancelled: ${error}`,
  snoozed: run => `Run ${run} asked to be run again later.`,
  lost: run => `Run ${run} was lost with its worker; this is not counted as a failure.`,
  crashed: (run, error) => `Run ${run} ended its process: ${error}`,
  handed_back: run => `Run ${run} was handed back by a worker that stopped.`,
}

function operatorStep({ action, createdAt, actor, reason, details }: EventRow, attempts: Attempt[]): Step {
  const at = createdAt.toISOString()
  const name = action.slice('job.'.length) as 'cancelled' | 'retried' | 'run_now' | 'priority_changed' | 'purged' | 'copied' | 'made_from' | 'moved' | 'restored'
  // A job that ran at that moment was only told to stop; how that went is told by the end of its run.
  const ran = attempts.some(each => each.started_at !== null && each.started_at <= at && (each.finished_at === null || each.finished_at >= at))
  const kind = name === 'cancelled' && ran ? 'cancel_requested' : name
  const { before, after, due_at: due, job_id: other, action_id: actionId } = (details ?? {}) as { before?: number | string, after?: number | string, due_at?: string, job_id?: string, action_id?: string }
  const said = {
    cancelled: 'Cancelled', cancel_requested: 'Told to stop', retried: 'Sent to run again', run_now: `Told to run now${due ? ` instead of at ${new Date(due).toISOString()}` : ''}`,
    priority_changed: `Priority changed from ${before} to ${after}`, purged: 'Deleted', copied: 'Made into a new job with another payload', made_from: 'Made from an earlier job with another payload',
    moved: `Moved from the queue ${before} to ${after}`, restored: 'Cancel taken back',
  }[kind]
  return { at, kind, actor, ...(reason !== null && { reason }), ...(other !== undefined && { job_id: other }), ...(actionId !== undefined && { action_id: actionId }), text: `${said} by ${actor}${reason === null ? '.' : `: ${reason}`}` }
}
