type PauseReason = 'user' | 'hidden' | 'selection'

/** Why live updates are held back. `onResume` runs when the last reason is gone. */
export function useLivePauses(onResume: () => void) {
  const reasons = ref<ReadonlySet<PauseReason>>(new Set())
  const isPaused = computed(() => reasons.value.size > 0)
  /** Paused in a way that somebody at the page sees: by hand, or because rows are selected. */
  const isSeenPaused = computed(() => reasons.value.has('user') || reasons.value.has('selection'))

  function set(reason: PauseReason, isHeld: boolean): void {
    const next = new Set(reasons.value)
    if (isHeld) next.add(reason)
    else next.delete(reason)
    reasons.value = next
    if (next.size === 0) onResume()
  }
  /** By hand; who resumes while rows are selected wants them to move. */
  const toggle = () => {
    if (reasons.value.has('selection')) set('selection', false)
    else set('user', !reasons.value.has('user'))
  }
  /** Holds updates back while rows are selected. */
  const hold = (isHeld: boolean) => { if (reasons.value.has('selection') !== isHeld) set('selection', isHeld) }
  /** A hidden tab hears nothing and catches up when it is looked at again. */
  function followVisibility(): void {
    const follow = () => set('hidden', document.hidden)
    follow()
    document.addEventListener('visibilitychange', follow)
  }
  return { isPaused, isSeenPaused, toggle, hold, followVisibility }
}
