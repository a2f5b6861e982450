import type { QueueSummary } from '#shared/schemas/queue.ts'
import { duration, exactCount, relative, roundDuration } from './formats.ts'

type Limits = Pick<QueueSummary, 'rate_limit' | 'rate_period_seconds' | 'concurrency'>

/** "10 starts per second", "600 starts per 1 m"; null without a limit. */
export function rateWords({ rate_limit: limit, rate_period_seconds: seconds }: Limits): string | null {
  if (limit === null) return null
  return `${exactCount(limit)} ${limit === 1 ? 'start' : 'starts'} per ${seconds === 1 ? 'second' : roundDuration(seconds * 1000)}`
}
/** The limits of a queue in one line. */
export function limitWords(queue: Limits): string {
  const rate = rateWords(queue)
  const atOnce = queue.concurrency === null ? null : `${exactCount(queue.concurrency)} at once`
  return [rate, atOnce].filter(Boolean).join(', ') || 'no limit'
}

/** "12 per s", "0.4 per s", "3 per min"; "–" when nothing moves. */
export function perSecondWords(rate: number): string {
  if (rate === 0) return '–'
  if (rate >= 0.1) return `${rate >= 10 ? exactCount(Math.round(rate)) : Math.round(rate * 10) / 10}/s`
  return `${Math.max(1, Math.round(rate * 60))}/min`
}
type Draining = Pick<QueueSummary, 'drain_seconds' | 'paused' | 'out_per_second' | 'oldest_waiting_seconds' | 'pending_jobs'>
/** When nothing waits any more if it goes on like this. What is only there to be tried again later is not waited for. */
export function drainWords({ drain_seconds: seconds, pending_jobs: waiting, paused, out_per_second: out, oldest_waiting_seconds: oldest }: Draining): string {
  if (waiting === 0) return 'empty'
  if (paused) return 'paused'
  if (oldest === null) return 'nothing due'
  if (seconds === null) return out === 0 ? 'stands still' : 'grows'
  return seconds > 30 * 86_400 ? 'over a month' : duration(seconds * 1000).replace(/\.\d+ s$/, ' s')
}
/** "Paused by ana 5 m ago: the relay is down". `now`: the server's clock. */
export function pauseWords({ paused_at: at, paused_by: by, pause_reason: why }: Pick<QueueSummary, 'paused_at' | 'paused_by' | 'pause_reason'>, now: number): string {
  return `Paused${by ? ` by ${by}` : ''}${at ? ` ${relative(Date.parse(at), now)}` : ''}${why ? `: ${why}` : '.'}`
}
