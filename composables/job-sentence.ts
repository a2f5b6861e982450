import type { JobState } from '#shared/job-states.ts'
import type { TimelineEntry } from '#shared/schemas/event.ts'
import type { JobSummary } from '#shared/schemas/job.ts'
import { duration, relative, wholeSeconds } from './formats.ts'
import { waitingText } from './waiting-words.ts'

type Told = Pick<JobSummary, 'state' | 'attempt' | 'max_retries' | 'progress' | 'last_error' | 'created_at' | 'scheduled_at' | 'started_at' | 'completed_at' | 'cancel_requested_at' | 'waiting'>
/** What is known besides the job: what somebody did to it. */
export interface Hints {
  /** The last step by a person that cancelled it or told it to stop. */
  cancelled?: Pick<TimelineEntry, 'at' | 'actor' | 'reason'>
}

const at = (time: string | null): number | null => (time === null ? null : Date.parse(time))
/** Milliseconds the current or last run took; null before the first one. */
export function ranFor(job: Told, now: number): number | null {
  const [started, ended] = [at(job.started_at), at(job.completed_at)]
  if (started === null) return null
  if (ended !== null) return Math.max(0, ended - started)
  return job.state === 'running' ? Math.max(0, now - started) : null
}

/** Runs that are not counted (snoozed, lost) may lead beyond the attempts there are. */
const attempts = (job: Told) => (job.attempt > job.max_retries + 1 ? `run ${job.attempt}` : `attempt ${job.attempt} of ${job.max_retries + 1}`)
const because = (job: Told) => (job.last_error ? `: ${job.last_error}` : '')

function completed(job: Told, now: number): string {
  const ran = ranFor(job, now)
  const waited = job.started_at === null ? null : Date.parse(job.started_at) - Date.parse(job.scheduled_at ?? job.created_at)
  if (ran === null) return 'Completed.'
  const retries = job.attempt > 1 ? `, on ${attempts(job)}` : ''
  return waited === null || job.attempt > 1 ? `Completed in ${duration(ran)}${retries}.` : `Completed in ${duration(ran)} after waiting ${duration(Math.max(0, waited))}.`
}
const reasonOf = (reason: string | null | undefined) => (reason ? `: ${reason}` : '')

/** The server says why a job waits; before it has, only that it does. */
const waits = ({ waiting }: Told, now: number): string => (waiting ? waitingText(waiting, now) : 'Waiting.')

function running(job: Told, now: number, { cancelled }: Hints): string {
  if (job.cancel_requested_at !== null) {
    const by = cancelled?.actor ? ` by ${cancelled.actor}` : ''
    return `Was told to stop${by} ${relative(Date.parse(job.cancel_requested_at), now)}${reasonOf(cancelled?.reason)}. It gets a moment to end by itself, then it is ended by force.`
  }
  const percent = job.progress > 0 && job.progress < 1 ? `, ${Math.round(job.progress * 100)} % done` : ''
  return `Running for ${wholeSeconds(ranFor(job, now) ?? 0)}, ${attempts(job)}${percent}.`
}
function cancelled(job: Told, now: number, { cancelled: by }: Hints): string {
  const when = job.completed_at === null ? '' : ` ${relative(Date.parse(job.completed_at), now)}`
  return by?.actor ? `Cancelled by ${by.actor}${when}${by.reason ? `: ${by.reason}` : '.'}` : `Cancelled${when}${because(job) || '.'}`
}

const SENTENCES: Record<JobState, (job: Told, now: number, hints: Hints) => string> = {
  scheduled: waits,
  blocked: waits,
  pending: waits,
  running,
  retrying: waits,
  completed,
  failed: job => `Failed after ${job.attempt} ${job.attempt === 1 ? 'attempt' : 'attempts'}${because(job)}`,
  cancelled,
  expired: (job, now) => `Expired${job.completed_at ? ` ${relative(Date.parse(job.completed_at), now)}` : ''}: its time was over before it ${job.attempt > 0 ? 'could run again' : 'could start'}.`,
}

/** One sentence that says what is going on with a job, at server time `now` (ms). */
export const whatIsGoingOn = (job: Told, now: number, hints: Hints = {}): string => SENTENCES[job.state](job, now, hints)
