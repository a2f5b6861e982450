import { throttle } from './throttle.ts'

/** The chain a job stands in, kept fresh as its members move. */
export function useJobLinks(id: string) {
  const api = useApi()
  const load = useLoad(async signal => (await api('GET /api/v1/jobs/:id/links', { params: { id }, signal })).data)
  const soon = throttle(() => void load.reload(), 1000)
  onScopeDispose(soon.cancel)
  useLiveData({
    jobs(changes) {
      const members = new Set([...load.data.value?.origins ?? [], ...load.data.value?.copies ?? []].map(link => link.id))
      if (changes.some(change => members.has(change.id))) soon.call()
    },
    catchUp: () => void load.reload(),
  })
  return load
}
