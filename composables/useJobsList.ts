import { parseJobSearch } from '#shared/job-search.ts'
import { isFinal, isWaiting, JOB_STATES, type JobState } from '#shared/job-states.ts'
import type { JobSummary } from '#shared/schemas/job.ts'
import type { JobChange } from '#shared/schemas/live.ts'
import { readSearchAnswer } from './search-answer.ts'
import { throttle } from './throttle.ts'

type Throttled = ReturnType<typeof throttle>
const PAGE = 50
const MOST_COUNTED = 1000
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** What the address filters by. */
export function useJobsFilter() {
  const route = useRoute()
  return computed(() => ({
    state: JOB_STATES.filter(state => String(route.query.state ?? '').split(',').includes(state)),
    queue_name: text(route.query.queue_name),
    job_type: text(route.query.job_type),
    q: text(route.query.q),
    error_group: text(route.query.error_group),
  }))
}

/** What cannot be read is said by the search box; the server would say the same. */
const canBeRead = (q: string | undefined) => q === undefined || parseJobSearch(q).problems.length === 0

/** One page of jobs that follows live changes: known rows change in place, new ones are counted until asked for. */
export function useJobsList() {
  const api = useApi()
  const filter = useJobsFilter()
  const trail = useCursorTrail()
  const { changed, mark } = useChangedRows()
  const unseen = shallowRef<ReadonlySet<string>>(new Set())
  /** More came than could be counted. */
  const hasMoreUnseen = ref(false)

  const fetchPage = (signal?: AbortSignal) => api('GET /api/v1/jobs', {
    query: { ...filter.value, state: filter.value.state.join(',') || undefined, cursor: trail.cursor.value ?? undefined, limit: PAGE }, signal,
  })
  const page = useLoad(async (signal) => {
    if (!canBeRead(filter.value.q)) return { rows: [] as JobSummary[], nextCursor: null, search: null, isReadable: false }
    const { data: rows, nextCursor, headers } = await fetchPage(signal)
    ;[unseen.value, hasMoreUnseen.value] = [new Set(), false]
    return { rows, nextCursor, search: filter.value.q === undefined ? null : readSearchAnswer(headers), isReadable: true }
  })
  const rows = computed(() => page.data.value?.rows ?? [])
  const setRows = (next: JobSummary[]) => { if (page.data.value) page.data.value = { ...page.data.value, rows: next } }

  /** Times and errors are not in a live frame: fetch them, but move nothing. */
  async function refreshKnown(): Promise<void> {
    if (rows.value.length === 0) return page.reload()
    const asked = JSON.stringify([filter.value, trail.cursor.value])
    try {
      const { data } = await fetchPage()
      const fresh = new Map(data.map(job => [job.id, job]))
      const pushedOut = await statesOf(rows.value.filter(job => !fresh.has(job.id) && !isFinal(job.state)).map(job => job.id))
      if (asked !== JSON.stringify([filter.value, trail.cursor.value])) return
      setRows(rows.value.map(job => fresh.get(job.id) ?? { ...job, ...pushedOut.get(job.id) }))
      const arrived = trail.cursor.value === null ? newerThan(rows.value[0], data) : []
      if (arrived.length === PAGE) hasMoreUnseen.value = true
      if (arrived.length > 0) unseen.value = new Set([...unseen.value, ...arrived])
    }
    catch { /* rows keep their live state; the next frame tries again */ }
  }
  // A search that looks through thousands of jobs is not run again every second.
  const [refreshSoon, refreshLater] = [1000, 10_000].map(ms => throttle(() => void refreshKnown(), ms)) as [Throttled, Throttled]
  onScopeDispose(() => [refreshSoon, refreshLater].forEach(each => each.cancel()))

  useLiveData({
    jobs(changes) {
      const known = new Map(changes.map(change => [change.id, change]))
      const touched = rows.value.filter(job => isNewer(known.get(job.id), job)).map(job => job.id)
      if (touched.length > 0) setRows(rows.value.map(job => patched(job, known.get(job.id))))
      mark(touched)
      if (trail.cursor.value === null) unseen.value = withArrivals(unseen.value, changes, { rows: rows.value, filter: filter.value })
      if (touched.length > 0 || rows.value.length === 0) (page.data.value?.search ? refreshLater : refreshSoon).call()
    },
    // Rows stay where they are, whatever was missed; what is new waits behind the pill.
    catchUp: () => (page.error.value || rows.value.length === 0 ? void page.reload() : refreshSoon.call()),
  })
  // What rows wait for changes without a word about them.
  useFreshWhile(() => rows.value.some(job => isWaiting(job.state)), { everyMs: 5000, refresh: refreshSoon.call })
  watch([filter, trail.cursor], (now, before) => { if (JSON.stringify(now) !== JSON.stringify(before)) void page.reload() })
  return { page, rows, filter, trail, changed, newCount: computed(() => unseen.value.size), hasMoreNew: computed(() => hasMoreUnseen.value || unseen.value.size >= MOST_COUNTED) }
}

const newerThan = (newest: JobSummary | undefined, jobs: JobSummary[]): string[] => jobs.map(job => job.id).filter(id => id > (newest?.id ?? ''))

/** What became of rows that newer ones pushed off the page. */
async function statesOf(ids: string[]): Promise<Map<string, Partial<JobSummary>>> {
  if (ids.length === 0) return new Map()
  const { data } = await useApi()('GET /api/v1/jobs/status', { query: { ids: ids.join() } })
  return new Map(data.map(({ id, status, state, retry_count, completed_at }) => [id, { status, state, retry_count, completed_at }]))
}

const isNewer = (change: JobChange | undefined, job: JobSummary) => change !== undefined && change.updated_at >= job.updated_at && (change.state !== job.state || change.progress !== job.progress)
function patched(job: JobSummary, change: JobChange | undefined): JobSummary {
  if (change === undefined || !isNewer(change, job)) return job
  return { ...job, state: change.state, progress: change.progress, updated_at: change.updated_at, ...(change.state !== job.state && { waiting: undefined }) }
}

/** Adds the jobs that belong on this first page but are not on it. Ids are UUIDv7: their order is their age. */
function withArrivals(unseen: ReadonlySet<string>, changes: JobChange[], list: { rows: JobSummary[], filter: { state: JobState[], queue_name?: string, job_type?: string, q?: string, error_group?: string } }) {
  const { rows, filter } = list
  if (unseen.size >= MOST_COUNTED) return unseen
  const shown = new Set(rows.map(job => job.id))
  const oldest = rows.length < PAGE ? '' : rows[rows.length - 1]?.id ?? ''
  // Which error a change belongs to is not in a live frame.
  if (filter.error_group !== undefined) return unseen
  const belongs = (change: JobChange) => !shown.has(change.id) && change.id > oldest
    && (filter.state.length === 0 || filter.state.includes(change.state))
    && (filter.queue_name === undefined || filter.queue_name === change.queue_name)
    && (filter.job_type === undefined || filter.job_type === change.job_type)
    && (filter.q === undefined || change.id.startsWith(filter.q.trim().toLowerCase()))
  const next = new Set(unseen)
  for (const change of changes) if (next.size < MOST_COUNTED && belongs(change)) next.add(change.id)
  return next.size === unseen.size ? unseen : next
}
