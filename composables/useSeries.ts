import type { SERIES_RANGES, SeriesMetric } from '#shared/schemas/system.ts'
import { throttle } from './throttle.ts'

export type Range = keyof typeof SERIES_RANGES
export const RANGES: readonly Range[] = ['1h', '24h', '7d']
const EVERY_MS = 10_000

/** The time range of the address, one hour unless it says otherwise. */
export function useRange() {
  const route = useRoute()
  return computed<Range>(() => RANGES.find(range => range === route.query.range) ?? '1h')
}

/** Series over the range of the address, of one queue or all; fetched again every ten seconds, and sooner when jobs move. */
export function useSeries(metrics: readonly SeriesMetric[], queue?: string) {
  const api = useApi()
  const range = useRange()
  const series = useLoad(async signal => (await api('GET /api/v1/series', { query: { metric: metrics.join(), range: range.value, queue_name: queue }, signal })).data)
  const soon = throttle(() => void series.reload(), 3000)
  const pulse = setInterval(() => { if (!document.hidden) soon.call() }, EVERY_MS)
  onScopeDispose(() => {
    clearInterval(pulse)
    soon.cancel()
  })
  useLiveData({ jobs: soon.call, catchUp: soon.call })
  watch(range, () => void series.reload())
  return { series, range }
}
