import type { LocationQuery } from 'vue-router'
import type { SavedView } from '#shared/schemas/saved-view.ts'
import type { useJobsFilter } from './useJobsList.ts'

type Filter = ReturnType<typeof useJobsFilter>['value']
const bodyOf = ({ q = '', state, queue_name: queueName, job_type: jobType }: Filter) => ({ q, state, queue_name: queueName ?? null, job_type: jobType ?? null })
const isSame = (view: SavedView, filter: Filter) => JSON.stringify({ q: view.q, state: view.state, queue_name: view.queue_name, job_type: view.job_type }) === JSON.stringify(bodyOf(filter))

/** Searches that are kept: the one that is shown, and keeping, renaming and forgetting. */
export function useViews(filter: Ref<Filter>) {
  const api = useApi()
  const page = useLoad(async signal => (await api('GET /api/v1/views', { signal })).data)
  const views = computed(() => page.data.value ?? [])
  const shown = computed(() => views.value.find(view => isSame(view, filter.value)))
  const isAnything = computed(() => Object.values(filter.value).some(part => (Array.isArray(part) ? part.length > 0 : part !== undefined)))

  /** Under a name that is there, the search replaces the one that was kept. */
  async function keep(name: string): Promise<void> {
    const before = views.value.find(view => view.name === name.trim())
    if (before) await api('PATCH /api/v1/views/:id', { params: { id: before.id }, body: bodyOf(filter.value) })
    else await api('POST /api/v1/views', { body: { name, ...bodyOf(filter.value) } })
    await page.reload()
  }
  async function rename(view: SavedView, name: string): Promise<void> {
    await api('PATCH /api/v1/views/:id', { params: { id: view.id }, body: { name } })
    await page.reload()
  }
  async function forget(view: SavedView): Promise<void> {
    await api('DELETE /api/v1/views/:id', { params: { id: view.id } })
    await page.reload()
  }
  const queryOf = (view: SavedView): LocationQuery => Object.fromEntries(new URLSearchParams(view.url_query))
  return { page, views, shown, isAnything, keep, rename, forget, queryOf }
}
