/** The words for each reason a job waits. Times are RFC 3339 and jobs whole ids, so that a page can show them its own way. */
import type { QueueFacts, WaitingJob } from '#server/domain/engine/read-waiting-facts.ts'
import type { Waiting } from '#shared/schemas/waiting.ts'

/** Most jobs that are named. */
const NAMED = 3
const LISTED = 20
/** Most of an error that is told. */
const ERROR_LENGTH = 200

const time = (at: Date): string => at.toISOString()
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`
const because = (reason: string | null): string => (reason ? `: ${reason}` : '.')
const changeLimit = (queue: string) => ({ action: 'change_limit' as const, text: `Raise the limit of the queue ${queue}`, request: `PUT /api/v1/queues/${queue}/config` })
const openJob = (id: string) => ({ action: 'open_job' as const, text: 'Open the job it waits for', request: `GET /api/v1/jobs/${id}` })
const runNow = ({ id }: WaitingJob) => ({ action: 'run_now' as const, text: 'Run it now', request: `POST /api/v1/jobs/${id}/run-now` })
const lookAtHealth = { action: 'look_at_health' as const, text: 'See which part does not answer', request: 'GET /api/health' }

/** A blocking job as far as it is known. */
export interface Blocker { id: string, state?: string, due_at?: Date | null }

function doing({ state, due_at: due }: Blocker): string {
  if (state === 'running') return 'which is running'
  if (state === 'retrying') return due ? `which failed and is tried again at ${time(due)}` : 'which failed and is tried again'
  if (state === 'scheduled') return due ? `which asked to be run again at ${time(due)}` : 'which asked to be run again'
  return 'which has its turn before it'
}
const names = (blockers: Blocker[]): string =>
  `${blockers.slice(0, NAMED).map(job => job.id).join(', ')}${blockers.length > NAMED ? ` and ${blockers.length - NAMED} more` : ''}`
const blockedBy = (blockers: Blocker[]) => ({ blocked_by: blockers.slice(0, LISTED).map(job => job.id) })

export function expiring(job: WaitingJob): Waiting {
  return { code: 'expiring', text: `Its time to begin was over at ${time(job.expires_at!)}: it ends as expired in a moment.`, since: time(job.expires_at!) }
}

export function scheduled(job: WaitingJob): Waiting {
  const due = time(job.due_at!)
  return { code: 'scheduled', text: job.run > 0 ? `Its last run asked to be run again at ${due}.` : `Scheduled for ${due}.`, until: due, remedy: runNow(job) }
}

export function retry(job: WaitingJob): Waiting {
  const due = time(job.due_at!)
  const error = job.last_error && job.last_error.length > ERROR_LENGTH ? `${job.last_error.slice(0, ERROR_LENGTH)}…` : job.last_error
  const failures = job.failures > 0 ? `failure ${job.failures} of ${job.max_retries + 1} allowed` : 'a failure'
  return { code: 'retry', text: `Retries at ${due}, after ${failures}${because(error)}`, until: due, remedy: runNow(job) }
}

export const due = (job: WaitingJob): Waiting =>
  ({ code: 'due', text: `Its time came at ${time(job.due_at ?? job.at)}: it is let on in a moment.`, since: time(job.due_at ?? job.at) })

export const dependencies = (): Waiting => ({ code: 'dependencies', text: 'Waits for other jobs to finish.' })

export function queuePaused(queue: QueueFacts): Waiting {
  const since = time(queue.paused_at!)
  return {
    code: 'queue_paused', text: `The queue ${queue.name} was paused${queue.paused_by ? ` by ${queue.paused_by}` : ''} at ${since}${because(queue.pause_reason)}`, since,
    remedy: { action: 'resume_queue', text: `Resume the queue ${queue.name}`, request: `POST /api/v1/queues/${queue.name}/resume` },
  }
}

export const externalWorker = (job: WaitingJob): Waiting =>
  ({ code: 'external_worker', text: `It has no built-in job type: it waits for an external worker to claim it from the queue ${job.queue_name}.`, since: time(job.updated_at) })

export const beltAway = (): Waiting =>
  ({ code: 'belt_away', text: 'The belt to the workers does not answer: the job waits in the database and goes on when the belt is back.', remedy: lookAtHealth })

export const workersRefuse = (trouble: string | null): Waiting =>
  ({ code: 'workers_refuse', text: trouble ?? 'The workers take no jobs now; health says why.', remedy: lookAtHealth })

export const noWorker = (job: WaitingJob): Waiting => ({
  code: 'no_worker', text: `No living worker takes jobs of the type ${job.job_type}: start one with "make ${job.job_type === 'code-execution' ? 'run-code-worker' : 'run-worker'}".`,
  remedy: { action: 'start_worker', text: 'See the workers', request: 'GET /api/v1/workers' },
})

export function orderingKey(job: WaitingJob, key: string, blocker: Blocker): Waiting {
  return {
    code: 'ordering_key', text: `Jobs with the ordering key ${key} run one after the other: it waits for ${blocker.id}, ${doing(blocker)}.`,
    ...blockedBy([blocker]), since: time(job.updated_at), remedy: openJob(blocker.id),
    ...(blocker.due_at && ['retrying', 'scheduled'].includes(blocker.state ?? '') && { until: time(blocker.due_at) }),
  }
}

export function concurrencyKey(job: WaitingJob, { key, most, blockers }: { key: string, most: number, blockers: Blocker[] }): Waiting {
  return {
    code: 'concurrency_key', text: `Only ${count(most, 'job')} with the concurrency key ${key} may run at once: it waits for ${names(blockers)}.`,
    ...blockedBy(blockers), since: time(job.updated_at), remedy: openJob(blockers[0]!.id),
  }
}

export const keyFree = (key: string): Waiting => ({ code: 'key_free', text: `The key ${key} has become free: it goes on in a moment.` })

export function concurrencyLimit(job: WaitingJob, { queue, ahead, blockers }: { queue: QueueFacts, ahead: Ahead, blockers: Blocker[] }): Waiting {
  return {
    code: 'concurrency_limit', since: time(job.updated_at), remedy: changeLimit(queue.name),
    text: `The queue ${queue.name} runs ${count(queue.concurrency ?? 0, 'job')} at once, and its places are taken by ${names(blockers)}${inFront(ahead)}`,
    ...(blockers.length > 0 && { blocked_by: blockers.slice(0, LISTED).map(blocker => blocker.id) }),
  }
}

export function rateLimit(job: WaitingJob, queue: QueueFacts, ahead: Ahead): Waiting {
  const opens = time(queue.rate_opens_at!)
  const period = queue.rate_period_seconds === 1 ? 'second' : `${queue.rate_period_seconds} s`
  return {
    code: 'rate_limit', since: time(job.updated_at), until: opens, remedy: changeLimit(queue.name),
    text: `The queue ${queue.name} starts ${count(queue.rate_limit ?? 0, 'job')} per ${period}, and they are used up until ${opens}${inFront(ahead)}`,
  }
}

/** Jobs of its queue that have their turn before it; `isMore`: it stands behind all that were looked at. */
export interface Ahead { jobs: number, isMore: boolean }
const before = ({ jobs, isMore }: Ahead, of = 'the queue'): string =>
  `${isMore ? 'more than ' : ''}${count(jobs, 'waiting job')} of ${of} ${jobs === 1 && !isMore ? 'is' : 'are'} before it`
const inFront = (ahead: Ahead): string => (ahead.jobs > 0 ? `; ${before(ahead)}.` : '.')

/** `isFull`: the belt takes no more for now. */
export function inLine(job: WaitingJob, { ahead, isFull }: { ahead: Ahead, isFull: boolean }): Waiting {
  const line = before(ahead, `the queue ${job.queue_name}`)
  const full = `The workers have all the ${job.job_type} jobs on the belt that they can take for now, and`
  const text = isFull ? `${full} ${ahead.jobs > 0 ? line : 'it is the first of its queue'}.` : ahead.jobs > 0 ? `${line}.` : 'Other queues have their turn before it.'
  return { code: 'in_line', text: `${text[0]!.toUpperCase()}${text.slice(1)}`, since: time(job.updated_at) }
}

export const backInLine = (job: WaitingJob): Waiting =>
  ({ code: 'back_in_line', text: `The queue ${job.queue_name} got a limit after the job was sent: it goes back in line for its turn.`, since: time(job.updated_at) })

export function goes(job: WaitingJob): Waiting {
  const sent = job.dispatched_at
  const since = time(sent ?? job.updated_at)
  if (job.suspect) return { code: 'alone', text: 'It was held by a worker that died with several jobs, so it runs by itself this time; it starts in a moment.', since }
  return sent
    ? { code: 'on_belt', text: `On the belt since ${since}: it starts as soon as a worker has room.`, since }
    : { code: 'next', text: 'It is next: it is sent to a worker in a moment.', since }
}
