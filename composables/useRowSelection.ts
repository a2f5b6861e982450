import { useLive } from '~/stores/live.ts'

/** Which rows of a list are chosen. Live updates wait while there are any: nothing may move under a choice. */
export function useRowSelection<T extends { id: string }>(rows: Readonly<Ref<T[]>>) {
  const live = useLive()
  const ids = ref<ReadonlySet<string>>(new Set())
  let anchor: string | undefined
  const chosen = computed(() => rows.value.filter(row => ids.value.has(row.id)))
  const isAll = computed(() => rows.value.length > 0 && chosen.value.length === rows.value.length)

  function set(next: Iterable<string>): void {
    ids.value = new Set(next)
    live.hold(ids.value.size > 0)
  }
  /** Chooses a row or lets it go; with `isRange`, everything from the row touched before to this one. */
  function toggle(id: string, isRange: boolean): void {
    const from = rows.value.findIndex(row => row.id === anchor)
    const to = rows.value.findIndex(row => row.id === id)
    const range = isRange && from >= 0 ? rows.value.slice(Math.min(from, to), Math.max(from, to) + 1).map(row => row.id) : [id]
    const next = new Set(ids.value)
    const isChosen = !next.has(id)
    for (const one of range) {
      if (isChosen) next.add(one)
      else next.delete(one)
    }
    anchor = id
    set(next)
  }
  const toggleAll = () => set(isAll.value ? [] : rows.value.map(row => row.id))
  const clear = () => set([])
  onScopeDispose(() => live.hold(false))
  return { ids, chosen, isAll, toggle, toggleAll, clear }
}
