import type { LogLine } from '#shared/schemas/event.ts'

const PAGE = 1000
const EVERY_MS = 1000

/** The lines one run logged, or all runs (`run` undefined), shown as they come; asks for new ones while `isFollowing`. */
export function useJobLogs(id: string, run: Ref<number | undefined>, isFollowing: Ref<boolean>) {
  const api = useApi()
  let known: LogLine[] = []

  const load = useLoad(async (signal) => {
    const asked = run.value
    for (let isMore = true; isMore;) {
      const last = known.at(-1)
      const query = { run: asked, limit: PAGE, after: last && `${last.run}:${last.line}` }
      const { data, nextCursor } = await api('GET /api/v1/jobs/:id/logs', { params: { id }, query, signal })
      // A call that was overtaken adds nothing: its lines come with the newer one.
      if (signal.aborted) return known
      isMore = nextCursor !== null
      if (data.length > 0) known = known.concat(data)
      if (isMore) load.data.value = known
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
