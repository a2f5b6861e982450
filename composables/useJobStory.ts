import type { Job } from '#shared/schemas/job.ts'
import { throttle } from './throttle.ts'

const PAGE = 20

/** A job's timeline and its runs, fetched again whenever the job moved or was touched. */
export function useJobStory(job: Ref<Job>) {
  const api = useApi()
  const params = { id: job.value.id }
  const shown = ref(PAGE)
  const story = useLoad(async signal => (await api('GET /api/v1/jobs/:id/events', { params, signal })).data)
  const attempts = useLoad(async signal => (await api('GET /api/v1/jobs/:id/attempts', { params, query: { limit: Math.min(100, shown.value) }, signal })).data)
  const reloadAll = () => { void story.reload(); void attempts.reload() }
  const soon = throttle(reloadAll, 400)
  onScopeDispose(soon.cancel)

  watch(() => [job.value.state, job.value.attempt, job.value.priority, job.value.cancel_requested_at, job.value.started_at, job.value.completed_at].join(), soon.call)
  /** More runs, up to the hundred that one answer holds. */
  const showMore = () => {
    shown.value = 100
    void attempts.reload()
  }
  const hasMore = computed(() => shown.value === PAGE && (attempts.data.value?.length ?? 0) === PAGE)
  return { story, attempts, showMore, hasMore, reloadAll }
}
