import { defineStore } from 'pinia'
import type { JobChange, LiveFrame } from '#shared/schemas/live.ts'
import type { ReceiptSummary } from '#shared/schemas/receipt.ts'
import { gatherChanges } from '~/composables/gather-changes.ts'
import { openLiveSocket, type LiveSocket } from '~/composables/live-socket.ts'
import { throttle } from '~/composables/throttle.ts'

export interface LiveListener {
  jobs?: (changes: JobChange[]) => void
  receipts?: (receipts: ReceiptSummary[]) => void
  /** Something was missed (a gap, a reconnect, a pause): fetch again what you show. */
  catchUp?: () => void
}
const CAUGHT_UP_SHOWN_MS = 5_000
/** In a flood the server may say many times a second that something was missed. */
const CATCH_UP_EVERY_MS = 2_000

function liveAddress(): string {
  const url = new URL('/api/v1/live', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

/** The tab's one WebSocket to `/api/v1/live`, who listens to it, and what the indicator says. */
export const useLive = defineStore('live', () => {
  const listeners = new Set<LiveListener>()
  const caughtUpAt = ref(0)
  /** Server clock minus ours, ms: relative times must not depend on a wrong clock here. */
  const clockOffset = ref(0)
  let socket: LiveSocket | undefined
  let hasMissed = false

  const { now } = useNow()
  const catchUpSoon = throttle(catchUp, CATCH_UP_EVERY_MS)
  const link = useLinkState(catchUpSoon.call)
  const pauses = useLivePauses(() => { if (hasMissed) catchUp() })
  const state = computed(() => (pauses.isSeenPaused.value ? 'paused' : link.word.value))
  const hasJustCaughtUp = computed(() => state.value === 'live' && now.value - caughtUpAt.value < CAUGHT_UP_SHOWN_MS)

  function catchUp(): void {
    hasMissed = pauses.isPaused.value
    if (hasMissed) return
    caughtUpAt.value = Date.now()
    for (const listener of listeners) listener.catchUp?.()
  }
  function tellJobs(changes: JobChange[]): void {
    if (pauses.isPaused.value) hasMissed = true
    else for (const listener of listeners) listener.jobs?.(changes)
  }
  const gather = gatherChanges({ deliver: tellJobs, overflow: catchUpSoon.call })
  function onFrame(frame: LiveFrame): void {
    if (frame.type === 'hello' || frame.type === 'ping') clockOffset.value = Date.parse(frame.server_time) - Date.now()
    else if (frame.type === 'resync') catchUpSoon.call()
    else if (pauses.isPaused.value) hasMissed = true
    else if (frame.type === 'jobs') gather(frame.jobs)
    else for (const listener of listeners) listener.receipts?.(frame.receipts)
  }
  /** Opens the socket and follows tab and network; called once by the layout. */
  function start(): void {
    if (socket) return
    socket = openLiveSocket({ url: liveAddress(), onFrame, onState: link.onState })
    link.followNetwork(socket.retryNow)
    pauses.followVisibility()
  }
  function listen(listener: LiveListener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return { state, lostForMs: link.lostForMs, hasJustCaughtUp, clockOffset, start, listen, toggle: pauses.toggle, hold: pauses.hold }
})
