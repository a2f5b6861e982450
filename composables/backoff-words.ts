import type { Backoff } from '#shared/schemas/job.ts'
import { roundDuration } from './formats.ts'

const SHOWN = 6

/** How long a job waits before its retries, in words: "1 s, doubling, at most 1 m, up to 10 % more". */
export function backoffWords(backoff: Backoff): string {
  const jitter = backoff.jitter > 0 ? `, up to ${Math.round(backoff.jitter * 100)} % more` : ''
  if (backoff.kind === 'custom') {
    const delays = backoff.delays_ms ?? []
    return `${delays.slice(0, SHOWN).map(roundDuration).join(', ')}${delays.length > SHOWN ? `, … (${delays.length} steps)` : ''}${jitter}`
  }
  if (backoff.kind === 'fixed') return `always ${roundDuration(backoff.base_ms)}${jitter}`
  const growth = backoff.factor === 2 ? 'doubling' : `times ${backoff.factor}`
  return `${roundDuration(backoff.base_ms)}, ${growth}, at most ${roundDuration(backoff.max_ms)}${jitter}`
}
