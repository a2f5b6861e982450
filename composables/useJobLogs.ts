import type { LogLine } from '#shared/schemas/event.ts'

const PAGE = 1000
const EVERY_MS = 1000

/** The lines one run logged, all of them (the engine keeps a thousand a run); asks for new ones while `isFollowing`. */
export function useJobLogs(id: string, run: Ref<number>, isFollowing: Ref<boolean>) {
  const api = useApi()
  let known: LogLine[] = []

  const load = useLoad(async (signal) => {
    for (let isMore = true; isMore;) {
      const last = known.at(-1)
      const query = { run: run.value, limit: PAGE, after: last && `${last.run}:${last.line}` }
      const { data, nextCursor } = await api('GET /api/v1/jobs/:id/logs', { params: { id }, query, signal })
      known = [...known, ...data]
      isMore = nextCursor !== null
    }
    return known
  })
  const timer = setInterval(() => { if (isFollowing.value && !document.hidden && !load.isLoading.value) void load.reload() }, EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  watch(run, () => {
    known = []
    void load.restart()
  })
  // The last lines come with the end of the run.
  watch(isFollowing, (follows) => { if (!follows) void load.reload() })
  return load
}
