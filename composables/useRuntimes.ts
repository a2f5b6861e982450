/** What can be run here; while nothing can, asks again every few seconds so that the page mends itself. */
export function useRuntimes() {
  const api = useApi()
  const load = useLoad(async signal => (await api('GET /api/v1/public/runtimes', { signal })).data.data)
  useFreshWhile(() => load.data.value?.available === false, { everyMs: 4000, refresh: () => void load.reload() })
  useLiveData({ catchUp: () => void load.reload() })
  return load
}
