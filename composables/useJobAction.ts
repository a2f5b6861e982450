import { isActive } from './action-words.ts'

const EVERY_MS = 700

/** One action on many jobs, asked for again and again until it is over. `ended` runs when that is seen, at the first look already for a quick one. */
export function useJobAction(id: string, ended: () => void = () => {}) {
  const api = useApi()
  const load = useLoad(async signal => (await api('GET /api/v1/job-actions/:id', { params: { id }, signal })).data)
  const timer = setInterval(() => {
    const isWatched = load.data.value === undefined ? load.error.value !== undefined : isActive(load.data.value)
    if (isWatched && !document.hidden && !load.isLoading.value) void load.reload()
  }, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  watch(() => load.data.value?.state, (now) => { if (now === 'completed' || now === 'aborted') ended() })
  return load
}

const PAGE = 50
const LIST_EVERY_MS = 2000

/** One page of actions, newest first, fresh while one of them goes on. */
export function useJobActionsList() {
  const api = useApi()
  const trail = useCursorTrail()
  const page = useLoad(async (signal) => {
    const { data, nextCursor } = await api('GET /api/v1/job-actions', { query: { limit: PAGE, cursor: trail.cursor.value ?? undefined }, signal })
    return { rows: data, nextCursor }
  })
  const timer = setInterval(() => { if (!document.hidden && !page.isLoading.value) void page.reload() }, LIST_EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  watch(trail.cursor, () => void page.reload())
  return { page, trail }
}

/** One page of an action's jobs, by what became of them. */
export function useJobActionItems(id: string, outcome: Readonly<Ref<'done' | 'skipped' | 'failed' | undefined>>) {
  const api = useApi()
  const trail = useCursorTrail()
  const page = useLoad(async (signal) => {
    const { data, nextCursor } = await api('GET /api/v1/job-actions/:id/items', { params: { id }, query: { limit: PAGE, outcome: outcome.value, cursor: trail.cursor.value ?? undefined }, signal })
    return { rows: data, nextCursor }
  })
  watch([outcome, trail.cursor], () => void page.reload())
  return { page, trail }
}
