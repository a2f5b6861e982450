import type { QueueSummary } from '#shared/schemas/queue.ts'
import { exactCount, roundDuration } from './formats.ts'

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
