import { placeAt } from '#shared/search-cursor.ts'
import type { SearchTerms } from '#shared/schemas/job-search.ts'

type Item = SearchTerms['items'][number]

/** Completions for the place where is being written: asked for while typing, walked with the arrow keys. */
export function useSearchTerms() {
  const api = useApi()
  const items = shallowRef<Item[]>([])
  const active = ref(-1)
  let timer: ReturnType<typeof setTimeout> | undefined
  let current: AbortController | undefined

  function close(): void {
    clearTimeout(timer)
    current?.abort()
    items.value = []
    active.value = -1
  }

  function ask(q: string, cursor: number): void {
    clearTimeout(timer)
    current?.abort()
    const mine = current = new AbortController()
    timer = setTimeout(async () => {
      try {
        const { data } = await api('GET /api/v1/jobs/search-terms', { query: { q, cursor }, signal: mine.signal })
        if (mine.signal.aborted) return
        items.value = data.items
        active.value = -1
      }
      catch { /* without completions one writes all of it oneself */ }
    }, 120)
  }

  function move(step: 1 | -1): void {
    const count = items.value.length
    if (count > 0) active.value = (active.value + step + count + (active.value === -1 && step === -1 ? 1 : 0)) % count
  }

  /**
   * The search with a completion in it, and where one goes on writing. The place is found anew: since the answer was asked
   * for, more may have been written.
   */
  function complete(q: string, cursor: number, item: Item): { text: string, cursor: number } {
    const place = placeAt(q, cursor)
    const isOpen = item.text.endsWith(':') || item.text.endsWith('.')
    const rest = q.slice(place.to)
    const before = `${q.slice(0, place.from)}${item.text}${isOpen || rest.startsWith(' ') || rest.startsWith(',') ? '' : ' '}`
    return { text: before + rest, cursor: before.length }
  }
  onScopeDispose(close)
  return { items, active, ask, move, close, complete }
}
