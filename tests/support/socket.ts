import WebSocket, { type ClientOptions } from 'ws'
import { until } from './until.ts'

export interface TestSocket<Frame> {
  frames: Frame[]
  /** The first frame, past or coming, that `matches`. */
  next(matches: (frame: Frame) => boolean, seconds?: number): Promise<Frame>
  socket: WebSocket
  close(): void
}

/** Opens a WebSocket and keeps every JSON frame. Throws with the HTTP status when the server refuses the upgrade. */
export async function openSocket<Frame = Record<string, unknown>>(base: string, path: string, options: ClientOptions = {}): Promise<TestSocket<Frame>> {
  const socket = new WebSocket(new URL(path, base.replace(/^http/, 'ws')), options)
  const frames: Frame[] = []
  socket.on('message', (data) => { frames.push(JSON.parse(String(data)) as Frame) })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return {
    frames, socket, close: () => socket.close(),
    next: (matches, seconds = 10) => until(() => frames.find(matches), { seconds, what: `the awaited frame on ${path} (got ${JSON.stringify(frames).slice(0, 500)})` }) as Promise<Frame>,
  }
}

/** The HTTP answer to an upgrade that must be refused. */
export function refusedUpgrade(base: string, path: string, options: ClientOptions = {}): Promise<{ status: number, body: string }> {
  const socket = new WebSocket(new URL(path, base.replace(/^http/, 'ws')), options)
  return new Promise((resolve, reject) => {
    socket.once('open', () => { socket.close(); reject(new Error('the upgrade was accepted')) })
    socket.once('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => { body += chunk.toString() })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    socket.on('error', reject)
  })
}
