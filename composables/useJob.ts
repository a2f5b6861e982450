import { isWaiting } from '#shared/job-states.ts'
import type { Job } from '#shared/schemas/job.ts'
import { throttle } from './throttle.ts'

/** One job that follows its live changes. */
export function useJob(id: string) {
  const api = useApi()
  const load = useLoad(async signal => (await api('GET /api/v1/jobs/:id', { params: { id }, signal })).data)
  const reloadSoon = throttle(() => void load.reload(), 250)
  onScopeDispose(reloadSoon.cancel)

  const patch = (part: Partial<Job>) => { if (load.data.value) load.data.value = { ...load.data.value, ...part } }
  useLiveData({
    jobs(changes) {
      const change = changes.findLast(one => one.id === id)
      if (change === undefined) return
      if (load.data.value && change.updated_at >= load.data.value.updated_at) {
        patch({ state: change.state, progress: change.progress, updated_at: change.updated_at, ...(change.state !== load.data.value.state && { waiting: undefined }) })
      }
      reloadSoon.call()
    },
    catchUp: () => void load.reload(),
  })
  // What it waits for (a queue, a key, a worker) changes without a word about this job.
  useFreshWhile(() => load.data.value !== undefined && isWaiting(load.data.value.state), { everyMs: 3000, refresh: () => void load.reload() })
  return load
}
