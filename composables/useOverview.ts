import type { SERIES_RANGES } from '#shared/schemas/system.ts'
import { gather, throttle } from './throttle.ts'

export type Range = keyof typeof SERIES_RANGES
export const RANGES: readonly Range[] = ['1h', '24h', '7d']
const HEALTH_EVERY_MS = 10_000
const SHOWN = 5

/** The time range of the address, one hour unless it says otherwise. */
export function useRange() {
  const route = useRoute()
  return computed<Range>(() => RANGES.find(range => range === route.query.range) ?? '1h')
}

/** Everything the overview shows, each part loading and failing by itself, kept fresh by live changes. */
export function useOverview() {
  const api = useApi()
  const range = useRange()
  const health = useLoad(async signal => (await api('GET /api/health', { signal })).data)
  const series = useLoad(async signal => (await api('GET /api/v1/series', { query: { metric: 'created,completed,failed', range: range.value }, signal })).data)
  const failures = useLoad(async signal => (await api('GET /api/v1/errors', { query: { state: 'open,regressed', limit: SHOWN }, signal })).data.errors)
  const receipts = useLoad(async signal => (await api('GET /api/webhooks', { query: { limit: SHOWN }, signal })).data.webhooks)
  const reloadAll = () => { for (const load of [health, series, failures, receipts]) void load.reload() }

  const seriesSoon = throttle(() => void series.reload(), 3000)
  // Failures are added up a second after they happened.
  const failuresSoon = gather(() => void failures.reload(), 1500)
  const receiptsSoon = throttle(() => void receipts.reload(), 1500)
  const pulse = setInterval(() => { if (!document.hidden) { void health.reload(); seriesSoon.call() } }, HEALTH_EVERY_MS)
  onScopeDispose(() => {
    clearInterval(pulse)
    for (const soon of [seriesSoon, failuresSoon, receiptsSoon]) soon.cancel()
  })
  useLiveData({
    jobs(changes) {
      seriesSoon.call()
      if (changes.some(change => change.state === 'failed' || change.state === 'retrying')) failuresSoon.call()
    },
    receipts: receiptsSoon.call,
    catchUp: reloadAll,
  })
  watch(range, () => void series.reload())
  return { health, series, failures, receipts, range, reloadAll }
}
