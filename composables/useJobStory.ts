import type { Attempt } from '#shared/schemas/event.ts'
import type { Job } from '#shared/schemas/job.ts'
import { throttle } from './throttle.ts'

const PAGE = 100
/** Runs that are fetched, newest first; the timeline tells the rest as one. */
const MOST = 500
const LISTED = 20

/** A job's timeline and its runs, fetched again whenever the job moved or was touched. */
export function useJobStory(job: Ref<Job>) {
  const api = useApi()
  const params = { id: job.value.id }
  const known = new Map<number, Attempt>()
  const shown = ref(LISTED)
  const story = useLoad(async signal => (await api('GET /api/v1/jobs/:id/events', { params, signal })).data)
  const attempts = useLoad(async (signal) => {
    for (let before: number | undefined, isMore = true; isMore;) {
      const { data } = await api('GET /api/v1/jobs/:id/attempts', { params, query: { limit: PAGE, before }, signal })
      // A run that has ended does not change: what is older than one that is known is known too.
      const meets = data.some(attempt => known.get(attempt.run)?.finished_at)
      for (const attempt of data) known.set(attempt.run, attempt)
      before = data.at(-1)?.run
      isMore = data.length === PAGE && !meets && known.size < MOST
    }
    return [...known.values()].sort((one, other) => other.run - one.run)
  })
  const reloadAll = () => { void story.reload(); void attempts.reload() }
  const soon = throttle(reloadAll, 400)
  onScopeDispose(soon.cancel)

  watch(() => [job.value.state, job.value.attempt, job.value.priority, job.value.cancel_requested_at, job.value.started_at, job.value.completed_at].join(), soon.call)
  const listed = computed(() => attempts.data.value?.slice(0, shown.value) ?? [])
  const showMore = () => { shown.value += PAGE }
  const hasMore = computed(() => (attempts.data.value?.length ?? 0) > shown.value)
  return { story, attempts, listed, showMore, hasMore, reloadAll }
}
