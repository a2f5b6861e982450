import { AppError } from '#server/domain/app-error.ts'
import { countDeadJobsOfError } from '#server/domain/engine/find-error-jobs.ts'
import { listJobs } from '#server/domain/jobs/list-jobs.ts'
import { firstStep, presentGroups, toPoints } from '#server/domain/errors/present-error.ts'
import { countSteps, findGroupRow, listGroupEvents, listPlaceRows, type GroupEventRow, type GroupRow } from '#server/domain/errors/store.ts'
import type { ErrorGroup, ErrorGroupSummary, ErrorStoryStep } from '#shared/schemas/error-group.ts'
import { SERIES_RANGES } from '#shared/schemas/system.ts'

type Range = keyof typeof SERIES_RANGES
const STEP_SECONDS: Record<Range, number> = { '1h': 60, '24h': 900, '7d': 7200 }
const JOBS_SHOWN = 10
const TOLD = 100

/** One group with its places, series, newest jobs and story. Throws NOT_FOUND. */
export async function getError(organizationId: string, id: string, { range }: { range: Range }): Promise<ErrorGroup> {
  const row = await findGroup(organizationId, id)
  const [[summary], places, series, dead, jobs, events] = await Promise.all([
    presentGroups(organizationId, [row]), listPlaceRows(organizationId, [id]), readSteps(organizationId, id, range),
    countDeadJobsOfError(organizationId, id), listJobs(organizationId, { error_group: id, limit: JOBS_SHOWN }), listGroupEvents(organizationId, id, TOLD),
  ])
  return {
    ...summary!, series, dead_jobs: dead.count, dead_jobs_at_least: dead.atLeast, jobs: jobs.rows,
    places: places.map(place => ({ queue_name: place.queueName, job_type: place.jobType || null, count: Number(place.count), last_seen: place.lastSeen.toISOString() })),
    story: [{ at: summary!.first_seen, kind: 'first_seen', job_id: summary!.first_job_id, text: 'Seen for the first time.' }, ...events.map(toStep)],
  }
}

/** The same as it stands in lists. Throws NOT_FOUND. */
export async function getErrorSummary(organizationId: string, id: string): Promise<ErrorGroupSummary> {
  const [summary] = await presentGroups(organizationId, [await findGroup(organizationId, id)])
  return summary!
}

/** Throws NOT_FOUND, also for another organization's group. */
export async function findGroup(organizationId: string, id: string): Promise<GroupRow> {
  const row = await findGroupRow(organizationId, id)
  if (row) return row
  throw new AppError('NOT_FOUND', `There is no error group ${id}. A failure is counted a second after it happened; groups not seen for long are forgotten, and beyond 5,000 different errors new ones are counted together as other errors.`)
}

async function readSteps(organizationId: string, id: string, range: Range): Promise<ErrorGroup['series']> {
  const stepSeconds = STEP_SECONDS[range]
  const steps = SERIES_RANGES[range] / stepSeconds
  const from = firstStep(steps, stepSeconds)
  const counts = await countSteps({ organizationId, ids: [id], from, stepSeconds, keptMinutes: stepSeconds < 3600 ? 1 : 60 })
  return { range, from: from.toISOString(), step_seconds: stepSeconds, points: toPoints(counts, steps) }
}

type Kind = ErrorStoryStep['kind']
interface Details { until?: string | null, job_id?: string, version?: string | null, jobs?: number, at_least?: boolean, action?: string, action_id?: string }
const ACTED = { cancel: 'cancelled', purge: 'deleted for good', priority: 'given another priority', move: 'moved to another queue' }
const jobsText = ({ jobs = 0, at_least: atLeast = false }: Details) => `${jobs}${atLeast ? ' or more' : ''} ${jobs === 1 && !atLeast ? 'job' : 'jobs'}`
const SAID: Record<Exclude<Kind, 'first_seen'>, (actor: string, details: Details) => string> = {
  muted: (actor, { until }) => `Muted by ${actor}${until ? ` until ${until.slice(0, 16).replace('T', ' ')} UTC` : ''}`,
  unmuted: actor => `Unmuted by ${actor}`,
  resolved: actor => `Resolved by ${actor}`,
  reopened: actor => `Reopened by ${actor}`,
  regressed: (_, { version }) => `Came back after it was resolved${version ? `, with worker version ${version}` : ''}`,
  retried: (actor, details) => `${jobsText(details)} sent to run again by ${actor}`,
  acted: (actor, details) => `${jobsText(details)} ${ACTED[details.action as keyof typeof ACTED]} by ${actor}`,
}

function toStep({ action, actor, reason, details, createdAt }: GroupEventRow): ErrorStoryStep {
  const kind = action.slice('error.'.length) as Exclude<Kind, 'first_seen'>
  const more = (details ?? {}) as Details
  return {
    at: createdAt.toISOString(), kind, ...(kind !== 'regressed' && { actor }), ...(reason !== null && { reason }), ...(more.job_id !== undefined && { job_id: more.job_id }), ...(more.action_id !== undefined && { action_id: more.action_id }),
    text: `${SAID[kind](actor, more)}${reason === null ? '.' : `: ${reason}`}`,
  }
}
