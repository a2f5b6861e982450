import type { JobState } from '#shared/job-states.ts'
import type { JobSummary } from '#shared/schemas/job.ts'
import { duration, relative, wholeSeconds } from './formats.ts'

type Told = Pick<JobSummary, 'state' | 'attempt' | 'max_retries' | 'progress' | 'last_error' | 'created_at' | 'scheduled_at' | 'started_at' | 'completed_at' | 'next_retry_at'>

const at = (time: string | null): number | null => (time === null ? null : Date.parse(time))
/** Milliseconds the current or last run took; null before the first one. */
export function ranFor(job: Told, now: number): number | null {
  const [started, ended] = [at(job.started_at), at(job.completed_at)]
  if (started === null) return null
  if (ended !== null) return Math.max(0, ended - started)
  return job.state === 'running' ? Math.max(0, now - started) : null
}

const attempts = (job: Told) => `attempt ${job.attempt} of ${job.max_retries + 1}`
const because = (job: Told) => (job.last_error ? `: ${job.last_error}` : '')

function completed(job: Told, now: number): string {
  const ran = ranFor(job, now)
  const waited = job.started_at === null ? null : Date.parse(job.started_at) - Date.parse(job.scheduled_at ?? job.created_at)
  if (ran === null) return 'Completed.'
  const retries = job.attempt > 1 ? `, on ${attempts(job)}` : ''
  return waited === null || job.attempt > 1 ? `Completed in ${duration(ran)}${retries}.` : `Completed in ${duration(ran)} after waiting ${duration(Math.max(0, waited))}.`
}
function pending(job: Told, now: number): string {
  const waited = now - Date.parse(job.scheduled_at ?? job.created_at)
  if (waited < 2000) return 'Waiting for a free worker.'
  const hint = waited > 30_000 ? ' If that goes on, see on the overview whether workers are up.' : ''
  return `Waiting for a free worker for ${wholeSeconds(waited)}${job.attempt > 0 ? `, after ${job.attempt} attempts` : ''}.${hint}`
}

function running(job: Told, now: number): string {
  const percent = job.progress > 0 && job.progress < 1 ? `, ${Math.round(job.progress * 100)} % done` : ''
  return `Running for ${wholeSeconds(ranFor(job, now) ?? 0)}, ${attempts(job)}${percent}.`
}
function retrying(job: Told, now: number): string {
  const when = job.next_retry_at === null ? 'soon' : relative(Math.max(now, Date.parse(job.next_retry_at)), now)
  return `Retrying ${when}${because(job)}, ${attempts(job)}.`
}

const SENTENCES: Record<JobState, (job: Told, now: number) => string> = {
  scheduled: (job, now) => (job.scheduled_at ? `Starts ${relative(Date.parse(job.scheduled_at), now)}.` : 'Starts at a set time.'),
  blocked: () => 'Waiting for other jobs to finish.',
  pending,
  running,
  retrying,
  completed,
  failed: job => `Failed after ${job.attempt} ${job.attempt === 1 ? 'attempt' : 'attempts'}${because(job)}`,
  cancelled: job => `Cancelled${because(job)}.`,
  expired: job => `Expired before it could start${because(job)}.`,
}

/** One sentence that says what is going on with a job, at server time `now` (ms). */
export const whatIsGoingOn = (job: Told, now: number): string => SENTENCES[job.state](job, now)
