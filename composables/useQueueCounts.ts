import type { Output } from '#shared/api-contract.ts'
import { throttle } from './throttle.ts'

/** Jobs of one queue by state, kept fresh; undefined without a queue, and until they are there. */
export function useQueueCounts(queue: Readonly<Ref<string | undefined>>) {
  const api = useApi()
  const stats = shallowRef<Output<'GET /api/v1/jobs/stats'>>()

  async function refresh(): Promise<void> {
    const asked = queue.value
    if (asked === undefined) return
    try {
      const { data } = await api('GET /api/v1/jobs/stats', { query: { queue_name: asked } })
      if (asked === queue.value) stats.value = data
    }
    catch { /* the page's own calls say what fails; old numbers stay */ }
  }
  const soon = throttle(() => void refresh(), 2000)
  onScopeDispose(soon.cancel)
  useLiveData({ jobs: soon.call, catchUp: soon.call })
  watch(queue, () => {
    stats.value = undefined
    void refresh()
  }, { immediate: true })
  return stats
}
