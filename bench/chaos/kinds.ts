/** The kinds of jobs that are poured in, and how each must end. */
import type { JobState } from '#shared/job-states.ts'
import type { Chance } from './chance.ts'

/** Body of `POST /api/v1/jobs` and row of the bulk call. */
export type JobBody = Record<string, unknown>

export interface Kind {
  name: string
  /** How many of 1000 jobs. */
  share: number
  make(chance: Chance): JobBody
  /** States it may end in, or rightfully wait in. */
  ends: readonly JobState[]
  /** Its failed runs when it has ended; undefined: any number. */
  failures?(body: JobBody): number
}

const COMPLETED = ['completed'] as const
const FAILED = ['failed'] as const
const soon = (chance: Chance, from: number, to: number): string => new Date(Date.now() + chance.whole(from, to) * 1000).toISOString()
const drill = (payload: JobBody, more: JobBody = {}): JobBody => ({ job_type: 'drill', payload, ...more })
const quickly = { kind: 'fixed', base_ms: 200, jitter: 0.5 }
const failTimes = (body: JobBody): number => (body.payload as { fail_times: number }).fail_times

/** A limited queue, and the most of its jobs that may run at once. */
export const LIMITED_QUEUE = 'limited'
export const LIMITED_TO = 4
/** Its jobs are nobody's here: they wait for a worker from outside, which never comes. */
export const OUTSIDE_QUEUE = 'outside'
/** Paused and resumed again and again. */
export const PAUSED_QUEUE = 'reports'

export const KINDS: readonly Kind[] = [
  { name: 'instant', share: 240, ends: COMPLETED, make: chance => drill({}, { priority: chance.whole(-100, 100) }) },
  { name: 'text', share: 200, ends: COMPLETED, make: () => ({ job_type: 'random-text', payload: { length: 50 } }) },
  { name: 'report', share: 150, ends: COMPLETED, make: chance => drill({ sleep_ms: chance.whole(0, 50), log: ['first', 'second'] }, { queue_name: PAUSED_QUEUE }) },
  { name: 'slow', share: 130, ends: COMPLETED, make: chance => drill({ sleep_ms: chance.whole(300, 3000), progress: chance.next() < 0.1 }) },
  { name: 'flaky', share: 80, ends: COMPLETED, failures: failTimes, make: chance => drill({ fail_times: chance.whole(1, 3) }, { max_retries: 3, backoff: quickly }) },
  { name: 'failing', share: 40, ends: FAILED, failures: () => 3, make: () => drill({ fail_times: 1000 }, { max_retries: 2, backoff: quickly }) },
  { name: 'throwing', share: 15, ends: FAILED, failures: () => 1, make: chance => drill({ throw: chance.pick(['error', 'text']) }, { max_retries: 0 }) },
  { name: 'hopeless', share: 15, ends: FAILED, failures: () => 1, make: () => drill({ fail_times: 1000, retryable: false }, { max_retries: 9 }) },
  { name: 'scheduled', share: 50, ends: COMPLETED, make: chance => drill({}, { scheduled_at: soon(chance, 1, 20) }) },
  { name: 'snoozing', share: 15, ends: COMPLETED, make: chance => drill({ snooze_ms: chance.whole(100, 3000) }) },
  { name: 'limited', share: 12, ends: COMPLETED, make: chance => drill({ sleep_ms: chance.whole(0, 60) }, { queue_name: LIMITED_QUEUE }) },
  { name: 'one by one', share: 12, ends: COMPLETED, make: chance => drill({ sleep_ms: chance.whole(0, 30) }, { concurrency_key: `customer-${chance.whole(1, 8)}` }) },
  { name: 'thread', share: 10, ends: COMPLETED, make: chance => ({ job_type: 'drill-thread', payload: { block_ms: chance.whole(0, 50) } }) },
  { name: 'process', share: 8, ends: COMPLETED, make: chance => ({ job_type: 'drill-process', payload: { sleep_ms: chance.whole(0, 50) } }) },
  { name: 'exiting', share: 1, ends: FAILED, failures: () => 0, make: () => ({ job_type: 'drill-process', payload: { exit: true } }) },
  { name: 'hanging', share: 1, ends: FAILED, failures: () => 1, make: () => ({ job_type: 'drill-thread', payload: { hang: true }, timeout_seconds: 1, max_retries: 0 }) },
  { name: 'expiring', share: 8, ends: ['expired'], make: chance => ({ queue_name: OUTSIDE_QUEUE, expires_at: soon(chance, 5, 25) }) },
  { name: 'outside', share: 5, ends: ['pending'], make: () => ({ queue_name: OUTSIDE_QUEUE }) },
]
/** Told to stop while it runs or waits, alone or in line with others. One whose cancel got no answer in time may end by itself. */
export const CANCELLED: Kind = {
  name: 'cancelled', share: 20, ends: ['cancelled', 'completed'],
  make: chance => drill({ sleep_ms: 8000 }, chance.pick([{}, { concurrency_key: `cancelled-${chance.whole(1, 3)}` }, { ordering_key: `cancelled-${chance.whole(1, 3)}` }])),
}
/** One after the other of its key; made by clients that never ask for the next before the one before is acknowledged. */
export const ORDERED: Kind = {
  name: 'ordered', share: 0, ends: COMPLETED, failures: failTimes,
  make: chance => drill({ sleep_ms: chance.pick([0, 0, 0, 40]), fail_times: chance.next() < 0.05 ? 1 : 0 }, { queue_name: 'accounts', max_retries: 3, backoff: quickly }),
}
/** What comes one by one: those to cancel are told to an operator. */
export const SINGLE_KINDS: readonly Kind[] = [...KINDS, CANCELLED]

/** A kind by its share. */
export function chooseKind(chance: Chance, kinds: readonly Kind[]): Kind {
  let left = chance.next() * kinds.reduce((sum, kind) => sum + kind.share, 0)
  return kinds.find(kind => (left -= kind.share) < 0) ?? kinds[0]!
}
