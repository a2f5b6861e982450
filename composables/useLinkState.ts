import type { LinkState } from './live-socket.ts'
import { useNow } from './useNow.ts'

/** Called offline when the browser says so, or after this long without a connection. */
const OFFLINE_AFTER_MS = 30_000

/** How the live connection stands, and since when it is lost. `onReturn` runs when a lost one is back. */
export function useLinkState(onReturn: () => void) {
  const link = ref<LinkState>('connecting')
  const lostSince = ref<number | null>(null)
  const isOnline = ref(true)
  const { now } = useNow()
  const lostForMs = computed(() => lostSince.value === null ? 0 : Math.max(0, now.value - lostSince.value))
  const word = computed(() => {
    if (link.value === 'open') return 'live' as const
    if (!isOnline.value || lostForMs.value > OFFLINE_AFTER_MS) return 'offline' as const
    return lostSince.value === null ? 'connecting' as const : 'reconnecting' as const
  })

  function onState(next: LinkState): void {
    link.value = next
    if (next === 'lost') lostSince.value ??= Date.now()
    if (next !== 'open' || lostSince.value === null) return
    lostSince.value = null
    onReturn()
  }
  function followNetwork(retryNow: () => void): void {
    const follow = () => {
      isOnline.value = navigator.onLine
      if (navigator.onLine) retryNow()
    }
    addEventListener('online', follow)
    addEventListener('offline', follow)
    isOnline.value = navigator.onLine
  }
  return { word, lostForMs, onState, followNetwork }
}
