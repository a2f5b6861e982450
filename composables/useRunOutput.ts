import type { JobOutputFrame } from '#shared/schemas/execution.ts'
import type { JobStatusFrame } from '#shared/schemas/live.ts'
import { retryDelay } from './live-socket.ts'
import { outputRecord, type HeardOutput } from './output-record.ts'
import { throttle } from './throttle.ts'

const SHOWN_EVERY_MS = 80

function addressOf(id: string): string {
  const url = new URL(`/api/ws?job_id=${encodeURIComponent(id)}`, location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}
function readFrame(text: unknown): JobOutputFrame | JobStatusFrame | null {
  try {
    const frame = JSON.parse(String(text)) as { type?: unknown } // own server, shapes in shared/schemas
    return frame.type === 'job_output' || frame.type === 'job_status' ? frame as JobOutputFrame | JobStatusFrame : null
  }
  catch {
    return null
  }
}

/**
 * What a running job prints, while `isWanted`. Its own socket, so that pausing the dashboard's live updates does not hold
 * up a run that somebody watches. `onStatus`: its state may have changed.
 */
export function useRunOutput(id: string, isWanted: () => boolean, onStatus: () => void) {
  const record = outputRecord()
  const newest = shallowRef<HeardOutput>()
  const show = throttle(() => { const heard = record.newest(); newest.value = heard && { ...heard } }, SHOWN_EVERY_MS)
  let socket: WebSocket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let tries = 0

  function connect(): void {
    const mine = socket = new WebSocket(addressOf(id))
    mine.onmessage = (event) => {
      const frame = readFrame(event.data)
      tries = 0
      if (frame?.type === 'job_output') { if (record.add(frame)) show.call() }
      else if (frame) onStatus()
    }
    mine.onclose = () => { if (mine === socket) timer = setTimeout(connect, retryDelay(tries++)) }
  }
  function close(): void {
    clearTimeout(timer)
    const last = socket
    socket = undefined
    // One that is closed while it opens makes the browser complain.
    if (last?.readyState === WebSocket.CONNECTING) last.onopen = () => last.close()
    else last?.close()
  }
  watch(isWanted, wanted => (wanted ? connect() : close()), { immediate: true })
  onScopeDispose(() => { close(); show.cancel() })
  return { newest, heardOf: record.of }
}
