import { throttle } from './throttle.ts'

const PAGE = 100
const EVERY_MS = 5000

/** Reloads on live changes at a human pace, and now and then even without one: rules change without a job moving. */
function keepFresh(reload: () => void): void {
  const soon = throttle(reload, 1500)
  const timer = setInterval(() => { if (!document.hidden) soon.call() }, EVERY_MS)
  onScopeDispose(() => {
    clearInterval(timer)
    soon.cancel()
  })
  useLiveData({ jobs: soon.call, catchUp: reload })
}

/** One page of queues by name. */
export function useQueuesList() {
  const api = useApi()
  const trail = useCursorTrail()
  const page = useLoad(async (signal) => {
    const { data, nextCursor } = await api('GET /api/v1/queues', { query: { limit: PAGE, cursor: trail.cursor.value ?? undefined }, signal })
    return { rows: data, nextCursor }
  })
  watch(trail.cursor, () => void page.reload())
  keepFresh(() => void page.reload())
  return { page, trail }
}

/** One queue, its rules and its numbers. */
export function useQueue(name: string) {
  const api = useApi()
  const queue = useLoad(async signal => (await api('GET /api/v1/queues/:name', { params: { name }, signal })).data)
  const stats = useLoad(async signal => (await api('GET /api/v1/queues/:name/stats', { params: { name }, signal })).data)
  const reloadAll = () => { void queue.reload(); void stats.reload() }
  keepFresh(reloadAll)
  return { queue, stats, reloadAll }
}

/** The names to choose a queue from; empty when they cannot be had. */
export function useQueueNames() {
  const api = useApi()
  const { data } = useLoad(async signal => (await api('GET /api/v1/queues', { query: { limit: PAGE }, signal })).data)
  return computed(() => data.value?.map(queue => queue.queue_name) ?? [])
}
