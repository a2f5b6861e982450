import { useLive } from '~/stores/live.ts'

/** Calls `refresh` again and again while `isWanted`: for what changes without a live message. Rests while live updates do. */
export function useFreshWhile(isWanted: () => boolean, { everyMs, refresh }: { everyMs: number, refresh: () => void }): void {
  const live = useLive()
  const timer = setInterval(() => { if (isWanted() && !document.hidden && live.state !== 'paused') refresh() }, everyMs)
  onScopeDispose(() => clearInterval(timer))
}
