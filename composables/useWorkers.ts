const EVERY_MS = 2000

/** Worker processes, asked for every two seconds: a heartbeat sends no live frame. */
export function useWorkers() {
  const api = useApi()
  const load = useLoad(async signal => (await api('GET /api/v1/workers', { signal })).data)
  const timer = setInterval(() => { if (!document.hidden && !load.isLoading.value) void load.reload() }, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  useLiveData({ catchUp: () => void load.reload() })
  return load
}
