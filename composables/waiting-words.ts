import type { Waiting, WaitingCode } from '#shared/schemas/waiting.ts'
import { localTime, relative, shortId, utcTime } from './formats.ts'

/** A piece of the server's sentence: words, a moment (RFC 3339), or a job's id. */
export interface WaitingPart { kind: 'words' | 'time' | 'job', text: string }
/** Moments and ids in what people wrote (a reason, an error) stay as they are: only those the server names apart are marked. */
function marksOf({ since, until, blocked_by: jobs = [] }: Waiting): Map<string, WaitingPart['kind']> {
  const times = [since, until].flatMap((time): [string, WaitingPart['kind']][] => (time === undefined ? [] : [[time, 'time']]))
  return new Map([...times, ...jobs.map((id): [string, WaitingPart['kind']] => [id, 'job'])])
}

/** The sentence in pieces, so that moments and jobs can be shown the page's way. */
export function waitingParts(waiting: Waiting): WaitingPart[] {
  const marks = marksOf(waiting)
  if (marks.size === 0) return [{ kind: 'words', text: waiting.text }]
  const pieces = waiting.text.split(new RegExp(`(${[...marks.keys()].map(mark => mark.replaceAll('.', '\\.')).join('|')})`))
  return pieces.filter(piece => piece !== '').map(text => ({ kind: marks.get(text) ?? 'words', text }))
}

/** "14:02:11 (in 3 m)"; with the day when it is another one. `now`: server's clock, ms. */
export function moment(time: string, now: number, style: 'relative' | 'local' | 'utc' = 'local'): string {
  const written = style === 'utc' ? utcTime : localTime
  const exact = written(Date.parse(time)).slice(0, 19)
  const isToday = exact.slice(0, 10) === written(now).slice(0, 10)
  return `${isToday ? exact.slice(11) : exact}${style === 'utc' ? 'Z' : ''} (${relative(Date.parse(time), now)})`
}

/** The sentence as plain text. */
export const waitingText = (waiting: Waiting, now: number): string =>
  waitingParts(waiting).map(part => (part.kind === 'time' ? moment(part.text, now) : part.kind === 'job' ? shortId(part.text) : part.text)).join('')

const ends = ({ until }: Waiting, now: number) => (until === undefined ? 'soon' : relative(Math.max(now, Date.parse(until)), now))
const SHORT: Record<WaitingCode, (waiting: Waiting, now: number) => string> = {
  expiring: () => 'Expires now',
  scheduled: (waiting, now) => `Starts ${ends(waiting, now)}`,
  retry: (waiting, now) => `Retries ${ends(waiting, now)}`,
  due: () => 'Due now',
  dependencies: () => 'Waits for other jobs',
  queue_paused: () => 'Queue is paused',
  external_worker: () => 'Waits for an external worker',
  belt_away: () => 'Belt does not answer',
  workers_refuse: () => 'Workers refuse work',
  no_worker: () => 'No worker for it',
  ordering_key: ({ blocked_by: [id = ''] = [] }) => `In order, after ${shortId(id)}`,
  concurrency_key: () => 'Concurrency key is in use',
  key_free: () => 'Its key is free',
  concurrency_limit: () => 'Queue is full',
  rate_limit: (waiting, now) => `Rate is used up, again ${ends(waiting, now)}`,
  in_line: () => 'In line',
  back_in_line: () => 'Back in line',
  alone: () => 'Starts by itself, alone',
  next: () => 'Next',
  on_belt: () => 'On the belt',
}
/** The reason in a few words, for a row of a list. */
export const waitingShort = (waiting: Waiting, now: number): string => SHORT[waiting.code](waiting, now)
