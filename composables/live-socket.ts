import type { LiveFrame } from '#shared/schemas/live.ts'

export type LinkState = 'connecting' | 'open' | 'lost'
export interface LiveSocketOptions {
  url: string
  onFrame: (frame: LiveFrame) => void
  onState: (state: LinkState) => void
}
export interface LiveSocket { close: () => void, retryNow: () => void }

/** The server pings about every 15 s; two missed ones and a half mean that nobody is there. */
const SILENCE_MS = 40_000
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 10_000

/** Wait before try n (from 0): doubling, capped, with half of it random so that many tabs do not come back at once. */
export const retryDelay = (tries: number, random = Math.random): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 10)) * (0.5 + random() / 2)

const TYPES: ReadonlySet<string> = new Set<LiveFrame['type']>(['hello', 'jobs', 'receipts', 'resync', 'ping'])
function readFrame(text: unknown): LiveFrame | null {
  if (typeof text !== 'string') return null
  try {
    const frame = JSON.parse(text) as { type?: unknown } // own server, shape in shared/schemas/live.ts
    return typeof frame.type === 'string' && TYPES.has(frame.type) ? frame as LiveFrame : null
  }
  catch {
    return null
  }
}

/** One socket that comes back by itself until closed. */
export function openLiveSocket({ url, onFrame, onState }: LiveSocketOptions): LiveSocket {
  let socket: WebSocket | undefined
  let tries = 0
  let retry: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  function heard(): void {
    clearTimeout(silence)
    silence = setTimeout(() => lose(socket), SILENCE_MS)
  }
  function lose(which: WebSocket | undefined): void {
    if (which === undefined || which !== socket) return
    socket = undefined
    clearTimeout(silence)
    which.close()
    onState('lost')
    retry = setTimeout(connect, retryDelay(tries++))
  }
  function connect(): void {
    clearTimeout(retry)
    const mine = socket = new WebSocket(url)
    heard()
    mine.onopen = () => {
      if (mine !== socket) return
      tries = 0
      heard()
      onState('open')
    }
    mine.onmessage = (event) => {
      if (mine !== socket) return
      heard()
      const frame = readFrame(event.data)
      if (frame) onFrame(frame)
    }
    mine.onclose = mine.onerror = () => lose(mine)
  }
  onState('connecting')
  connect()
  return {
    close() {
      const last = socket
      socket = undefined
      clearTimeout(retry)
      clearTimeout(silence)
      last?.close()
    },
    retryNow() { if (socket === undefined) { tries = 0; connect() } },
  }
}
