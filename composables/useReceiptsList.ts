import type { ReceiptSummary } from '#shared/schemas/receipt.ts'
import { throttle } from './throttle.ts'

const PAGE = 50
const MOST_COUNTED = 1000
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** What the address filters by. */
export function useReceiptsFilter() {
  const route = useRoute()
  return computed(() => ({
    source: text(route.query.source),
    event: text(route.query.event),
    verified: (['true', 'false'] as const).find(word => word === route.query.verified),
  }))
}

type Filter = { source?: string, event?: string, verified?: 'true' | 'false' }
const matches = (receipt: ReceiptSummary, filter: Filter) =>
  (filter.source === undefined || filter.source === receipt.source)
  && (filter.event === undefined || filter.event === receipt.event)
  && (filter.verified === undefined || filter.verified === String(receipt.verified))

/** One page of receipts; new ones are counted until asked for, a repeat updates its row in place. */
export function useReceiptsList() {
  const api = useApi()
  const filter = useReceiptsFilter()
  const trail = useCursorTrail()
  const { changed, mark } = useChangedRows()
  const unseen = ref<ReadonlySet<string>>(new Set())

  const page = useLoad(async (signal) => {
    const { data } = await api('GET /api/webhooks', { query: { ...filter.value, cursor: trail.cursor.value ?? undefined, limit: PAGE }, signal })
    unseen.value = new Set()
    return { rows: data.webhooks, nextCursor: data.next_cursor }
  })
  const rows = computed(() => page.data.value?.rows ?? [])
  const reloadSoon = throttle(() => void page.reload(), 500)
  onScopeDispose(reloadSoon.cancel)

  useLiveData({
    receipts(receipts) {
      const fresh = new Map(receipts.map(receipt => [receipt.id, receipt]))
      const known = rows.value.filter(row => fresh.has(row.id)).map(row => row.id)
      if (known.length > 0 && page.data.value) page.data.value = { ...page.data.value, rows: rows.value.map(row => fresh.get(row.id) ?? row) }
      mark(known)
      const arrived = receipts.filter(receipt => !known.includes(receipt.id) && matches(receipt, filter.value))
      if (trail.cursor.value !== null || arrived.length === 0) return
      if (rows.value.length === 0) return reloadSoon.call()
      unseen.value = new Set([...unseen.value, ...arrived.map(receipt => receipt.id)].slice(0, MOST_COUNTED))
    },
    catchUp: () => void page.reload(),
  })
  watch([filter, trail.cursor], (now, before) => { if (JSON.stringify(now) !== JSON.stringify(before)) void page.reload() })
  return { page, rows, filter, trail, changed, newCount: computed(() => unseen.value.size) }
}
