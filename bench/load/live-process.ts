/** Many WebSocket clients in a process of their own: a few read what they get, the others only take it, as tabs in the background do. */
import { once } from 'node:events'
import WebSocket from 'ws'
import { answerCalls } from '../called-process.ts'
import { setClock, wallClock } from '../clock.ts'
import { median, percentile } from '../figures.ts'

export interface LiveOrder {
  url: string
  clients: number
  /** Client n watches the n-th of these, in turn. */
  queues: string[]
}
export interface LiveResult {
  open: number
  /** Sockets the server closed. */
  closed: number
  frames: number
  bytes: number
  /** Changes that the reading clients saw, and the milliseconds from a change to its frame. */
  changes: number
  delayMs: { p50: number, p99: number }
}

/** One of so many clients reads its frames. */
const READING = 50
const OPEN_AT_ONCE = 50
let sockets: WebSocket[] = []
let seen = { closed: 0, frames: 0, bytes: 0 }
let delays: number[] = []

async function open({ url, clients, queues }: LiveOrder): Promise<void> {
  setClock()
  for (let from = 0; from < clients; from += OPEN_AT_ONCE) {
    const batch = Array.from({ length: Math.min(OPEN_AT_ONCE, clients - from) }, (_, n) => openOne(url, { queue: queues[(from + n) % queues.length]!, reads: (from + n) % READING === 0 }))
    sockets.push(...await Promise.all(batch))
  }
}

async function openOne(url: string, { queue, reads }: { queue: string, reads: boolean }): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live?queue_name=${queue}`, { perMessageDeflate: false })
  await once(socket, 'open')
  socket.on('error', () => undefined)
  socket.on('close', () => { seen.closed++ })
  socket.on('message', (data: Buffer) => {
    seen.frames++
    seen.bytes += data.length
    if (reads) read(data)
  })
  return socket
}

function read(data: Buffer): void {
  const at = wallClock()
  const frame = JSON.parse(data.toString()) as { type: string, jobs?: { updated_at: string }[] }
  for (const { updated_at } of frame.jobs ?? []) delays.push(at - Date.parse(updated_at))
}

/** What came since the last report. */
function report(): LiveResult {
  const open = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length
  const result = { open, ...seen, changes: delays.length, delayMs: { p50: median(delays), p99: percentile(delays, 0.99) } }
  seen = { closed: 0, frames: 0, bytes: 0 }
  delays = []
  return result
}

function close(): void {
  for (const socket of sockets) socket.terminate()
  sockets = []
}

answerCalls({ open, report, close })
