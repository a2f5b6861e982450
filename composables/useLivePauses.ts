type PauseReason = 'user' | 'hidden'

/** Why live updates are held back. `onResume` runs when the last reason is gone. */
export function useLivePauses(onResume: () => void) {
  const reasons = ref<ReadonlySet<PauseReason>>(new Set())
  const isPaused = computed(() => reasons.value.size > 0)
  const isPausedByUser = computed(() => reasons.value.has('user'))

  function set(reason: PauseReason, isHeld: boolean): void {
    const next = new Set(reasons.value)
    if (isHeld) next.add(reason)
    else next.delete(reason)
    reasons.value = next
    if (next.size === 0) onResume()
  }
  const toggle = () => set('user', !isPausedByUser.value)
  /** A hidden tab hears nothing and catches up when it is looked at again. */
  function followVisibility(): void {
    const follow = () => set('hidden', document.hidden)
    follow()
    document.addEventListener('visibilitychange', follow)
  }
  return { isPaused, isPausedByUser, toggle, followVisibility }
}
