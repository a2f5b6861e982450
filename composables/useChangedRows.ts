const FADE_MS = 1300
const SWEEP_MS = 250

/** Ids of rows that changed a moment ago, for a short fade. One clock for all of them: each look costs the list a rendering. */
export function useChangedRows() {
  const changed = ref<ReadonlySet<string>>(new Set())
  const fadesAt = new Map<string, number>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function sweep(): void {
    const now = performance.now()
    const before = fadesAt.size
    for (const [id, at] of fadesAt) if (at <= now) fadesAt.delete(id)
    if (fadesAt.size < before) changed.value = new Set(fadesAt.keys())
    timer = fadesAt.size > 0 ? setTimeout(sweep, SWEEP_MS) : undefined
  }
  function mark(ids: string[]): void {
    if (ids.length === 0) return
    const until = performance.now() + FADE_MS
    const isKnown = ids.every(id => fadesAt.has(id))
    for (const id of ids) fadesAt.set(id, until)
    if (!isKnown) changed.value = new Set(fadesAt.keys())
    timer ??= setTimeout(sweep, SWEEP_MS)
  }
  onScopeDispose(() => clearTimeout(timer))
  return { changed, mark }
}
