/** Where each cursor of this tab came from (null: the first page), so that "Newer" goes back the way one came. */
const cameFrom = new Map<string, string | null>()

/** Keyset paging in the URL: `?cursor=`. */
export function useCursorTrail() {
  const route = useRoute()
  const cursor = computed(() => (typeof route.query.cursor === 'string' ? route.query.cursor : null))
  const go = (next: string | null) => navigateTo({ path: route.path, query: { ...route.query, cursor: next ?? undefined } })

  function older(next: string | null) {
    if (next === null) return
    cameFrom.set(next, cursor.value)
    return go(next)
  }
  const newer = () => go(cursor.value === null ? null : cameFrom.get(cursor.value) ?? null)
  return { cursor, older, newer, first: () => go(null) }
}
