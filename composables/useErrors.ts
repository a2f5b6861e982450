import type { JobChange } from '#shared/schemas/live.ts'
import { ERROR_TABS, type ErrorTab } from './error-looks.ts'
import { gather } from './throttle.ts'
import { RANGES, type Range } from './useSeries.ts'

const PAGE = 50
const EVERY_MS = 15_000
/** Failures are added up a second after they happened. */
export const COUNTED_AFTER_MS = 1500
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** True for changes after which the groups may count more, or have fewer dead jobs. */
export const mayCount = (changes: JobChange[]): boolean => changes.some(({ state }) => state === 'failed' || state === 'retrying' || state === 'pending')

function keepFresh(reload: () => void): void {
  const soon = gather(reload, COUNTED_AFTER_MS)
  const timer = setInterval(() => { if (!document.hidden) soon.call() }, EVERY_MS)
  onScopeDispose(() => {
    clearInterval(timer)
    soon.cancel()
  })
  useLiveData({ jobs: (changes) => { if (mayCount(changes)) soon.call() }, catchUp: reload })
}

/** What the address filters by. */
function useErrorsFilter() {
  const route = useRoute()
  return computed(() => ({
    tab: ERROR_TABS.find(tab => tab.value === route.query.tab)?.value ?? 'open' as ErrorTab,
    queue_name: text(route.query.queue_name), job_type: text(route.query.job_type), q: text(route.query.q),
  }))
}

/** One page of error groups, last seen first. */
export function useErrorsList() {
  const api = useApi()
  const filter = useErrorsFilter()
  const trail = useCursorTrail()
  const page = useLoad(async (signal) => {
    const { tab, ...rest } = filter.value
    const state = tab === 'all' ? undefined : ERROR_TABS.find(each => each.value === tab)!.states.join(',')
    return (await api('GET /api/v1/errors', { query: { ...rest, state, cursor: trail.cursor.value ?? undefined, limit: PAGE }, signal })).data
  })
  watch([filter, trail.cursor], (now, before) => { if (JSON.stringify(now) !== JSON.stringify(before)) void page.reload() })
  keepFresh(() => void page.reload())
  return { page, filter, trail }
}

/** One group, over the time range of the address (a day unless it says otherwise). */
export function useErrorGroup(id: string) {
  const api = useApi()
  const route = useRoute()
  const range = computed<Range>(() => RANGES.find(each => each === route.query.range) ?? '24h')
  const group = useLoad(async signal => (await api('GET /api/v1/errors/:id', { params: { id }, query: { range: range.value }, signal })).data)
  watch(range, () => void group.reload())
  keepFresh(() => void group.reload())
  return { group, range }
}
