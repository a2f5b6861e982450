const FADE_MS = 1300

/** Ids of rows that changed a moment ago, for a short fade. */
export function useChangedRows() {
  const changed = ref<ReadonlySet<string>>(new Set())
  const timers = new Map<string, ReturnType<typeof setTimeout>>()

  function mark(ids: string[]): void {
    if (ids.length === 0) return
    changed.value = new Set([...changed.value, ...ids])
    for (const id of ids) {
      clearTimeout(timers.get(id))
      timers.set(id, setTimeout(() => {
        timers.delete(id)
        changed.value = new Set([...changed.value].filter(one => one !== id))
      }, FADE_MS))
    }
  }
  onScopeDispose(() => { for (const timer of timers.values()) clearTimeout(timer) })
  return { changed, mark }
}
