import type { ExecutionSummary } from '#shared/schemas/execution.ts'
import { throttle } from './throttle.ts'

const PAGE = 10
const MOST_COUNTED = 1000

/** The newest executions and, on demand, older ones. Known rows change in place; new ones are counted until asked for. */
export function useExecutions() {
  const api = useApi()
  const older = shallowRef<ExecutionSummary[]>([])
  const unseen = shallowRef<ReadonlySet<string>>(new Set())
  const { changed, mark } = useChangedRows()
  const fetchPage = async (cursor: string | undefined, signal?: AbortSignal) => (await api('GET /api/v1/public/jobs', { query: { limit: PAGE, cursor }, signal })).data
  const page = useLoad(async (signal) => {
    const { data, pagination } = await fetchPage(undefined, signal)
    ;[older.value, unseen.value] = [[], new Set()]
    return { rows: data, next: pagination.next_cursor }
  })
  const rows = computed(() => [...page.data.value?.rows ?? [], ...older.value])
  const { isBusy, error: olderError, run } = useAction()
  const showOlder = () => run(async () => {
    const { data, pagination } = await fetchPage(page.data.value?.next ?? undefined)
    older.value = [...older.value, ...data]
    if (page.data.value) page.data.value = { ...page.data.value, next: pagination.next_cursor }
  })

  /** What rows on the screen tell now; none comes or goes. */
  async function refreshKnown(): Promise<void> {
    const current = page.data.value
    if (!current || current.rows.length === 0) return page.reload()
    try {
      const fresh = new Map((await fetchPage(undefined)).data.map(row => [row.job_id, row]))
      if (page.data.value === current) page.data.value = { ...current, rows: current.rows.map(row => fresh.get(row.job_id) ?? row) }
    }
    catch { /* the next change tries again */ }
  }
  const refreshSoon = throttle(() => void refreshKnown(), 500)
  onScopeDispose(refreshSoon.cancel)
  useLiveData({
    jobs(changes) {
      const ours = changes.filter(change => change.job_type === 'code-execution').map(change => change.id)
      if (ours.length === 0) return
      const known = new Set(rows.value.map(row => row.job_id))
      const newest = rows.value[0]?.job_id ?? ''
      unseen.value = new Set([...unseen.value, ...ours.filter(id => !known.has(id) && id > newest)].slice(0, MOST_COUNTED))
      const touched = ours.filter(id => known.has(id))
      mark(touched)
      if (touched.length > 0 || known.size === 0) refreshSoon.call()
    },
    catchUp: () => void page.reload(),
  })
  return { page, rows, changed, newCount: computed(() => unseen.value.size), hasOlder: computed(() => Boolean(page.data.value?.next)), showOlder, isBusy, olderError }
}
