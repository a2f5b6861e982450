import { gather, throttle } from './throttle.ts'
import { useSeries } from './useSeries.ts'

const HEALTH_EVERY_MS = 10_000
const SHOWN = 5
const METRICS = ['created', 'completed', 'retried', 'failed', 'wait_p50', 'wait_p95', 'depth', 'running'] as const

/** Everything the overview shows, each part loading and failing by itself, kept fresh by live changes. */
export function useOverview() {
  const api = useApi()
  const { series, range } = useSeries(METRICS)
  const health = useLoad(async signal => (await api('GET /api/health', { signal })).data)
  const failures = useLoad(async signal => (await api('GET /api/v1/errors', { query: { state: 'open,regressed', limit: SHOWN }, signal })).data.errors)
  const receipts = useLoad(async signal => (await api('GET /api/webhooks', { query: { limit: SHOWN }, signal })).data.webhooks)
  const upcoming = useLoad(async signal => (await api('GET /api/v1/upcoming', { query: { limit: SHOWN }, signal })).data)
  const reloadAll = () => { for (const load of [health, series, failures, receipts, upcoming]) void load.reload() }

  // Failures are added up a second after they happened.
  const failuresSoon = gather(() => void failures.reload(), 1500)
  const receiptsSoon = throttle(() => void receipts.reload(), 1500)
  const upcomingSoon = throttle(() => void upcoming.reload(), 2000)
  const pulse = setInterval(() => {
    if (document.hidden) return
    void health.reload()
    upcomingSoon.call()
  }, HEALTH_EVERY_MS)
  onScopeDispose(() => {
    clearInterval(pulse)
    for (const soon of [failuresSoon, receiptsSoon, upcomingSoon]) soon.cancel()
  })
  useLiveData({
    jobs(changes) {
      if (changes.some(change => change.state === 'failed' || change.state === 'retrying')) failuresSoon.call()
      if (changes.some(change => change.state === 'scheduled' || change.state === 'retrying' || upcoming.data.value?.some(next => next.job_id === change.id))) upcomingSoon.call()
    },
    receipts: receiptsSoon.call,
    catchUp: reloadAll,
  })
  return { health, series, failures, receipts, upcoming, range, reloadAll }
}
