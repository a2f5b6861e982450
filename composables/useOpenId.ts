import { isApiError } from './api-error.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** True for text that may be an id or its beginning. */
export const looksLikeId = (text: string): boolean => /^[0-9a-f-]{1,36}$/i.test(text)

/** Goes to the job or receipt of an id; with anything else, to the list of jobs that match this search. */
export function useOpenId(): (text: string) => Promise<void> {
  const api = useApi()
  const toast = useToast()

  async function exists(find: () => Promise<unknown>): Promise<boolean> {
    try {
      await find()
      return true
    }
    catch (error) {
      if (isApiError(error) && error.status === 404) return false
      throw error
    }
  }
  return async (text) => {
    const id = text.trim().toLowerCase()
    if (id === '') return
    if (!looksLikeId(id)) return void await navigateTo({ path: '/jobs', query: { q: text.trim() } })
    if (!UUID.test(id)) return void await navigateTo({ path: '/jobs', query: { q: id } })
    try {
      // By the list: a miss is an empty answer there, not a 404 in the browser's console.
      const { data: jobs } = await api('GET /api/v1/jobs', { query: { q: id, limit: 1 } })
      if (jobs.length > 0) return void await navigateTo(`/jobs/${id}`)
      if (await exists(() => api('GET /api/webhooks/:id', { params: { id } }))) return void await navigateTo(`/receipts/${id}`)
      toast.add({ title: 'Nothing has this id', description: `No job and no receipt is called ${id}.`, color: 'warning' })
    }
    catch (error) {
      toast.add({ title: 'Search failed', description: isApiError(error) ? error.message : 'Try again.', color: 'error' })
    }
  }
}
