import type { ServerResponse } from 'node:http'

const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
/** Above this many unsent bytes a reader is too slow. */
const MAX_BUFFERED = 4 * 1024 * 1024
const KEEP_ALIVE_MS = 15_000

export interface EventStream {
  /** Sends an event. A reader that does not keep up is cut off: what waits for it would cost memory without end. */
  tell(event: string, data: unknown): void
  /** Ends the answer, when it is still open. */
  close(): void
}

/** Begins an answer of server-sent events; a comment every 15 seconds keeps proxies from closing it. */
export function openEventStream(response: ServerResponse): EventStream {
  response.writeHead(200, HEADERS)
  // The client shall see that it is open before anything happens.
  response.flushHeaders()
  const timer = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS)
  response.once('close', () => clearInterval(timer))
  return {
    tell(event, data) {
      if (!response.writable) return
      // Before it writes: one event may be large, and its reader quick.
      if (response.writableLength > MAX_BUFFERED) return void response.destroy()
      response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    },
    close() {
      clearInterval(timer)
      response.end()
    },
  }
}
