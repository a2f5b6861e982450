import { defineStore } from 'pinia'
import type { Output } from '#shared/api-contract.ts'
import { throttle } from '~/composables/throttle.ts'
import { useLive } from './live.ts'

/** Jobs by state for navigation, overview and lists: one request however many show them. */
export const useCounts = defineStore('counts', () => {
  const stats = shallowRef<Output<'GET /api/v1/jobs/stats'>>()
  const api = useApi()
  let isStarted = false

  async function refresh(): Promise<void> {
    try {
      stats.value = (await api('GET /api/v1/jobs/stats')).data
    }
    catch { /* the pages' own calls say what fails; old numbers stay */ }
  }
  const refreshSoon = throttle(() => void refresh(), 2000)

  /** Loads the numbers and keeps them fresh; called once by the layout. */
  function start(): void {
    if (isStarted) return
    isStarted = true
    useLive().listen({ jobs: refreshSoon.call, catchUp: refreshSoon.call })
    void refresh()
  }
  return { stats, refresh, start }
})
