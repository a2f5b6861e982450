import { connect, type Socket } from 'node:net'

/** A kept-alive HTTP connection with one request at a time, far leaner than a client library: bytes out, bytes in. */
export interface HttpSocket {
  send(request: Buffer): void
  close(): void
}
export interface HttpAnswer { status: number, body: Buffer }

/** A POST of JSON as bytes, made once and sent as often as wanted. */
export function postBytes({ url, path, body }: { url: string, path: string, body: string }): Buffer {
  const { host } = new URL(url)
  return Buffer.from(`POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

export const getBytes = ({ url, path }: { url: string, path: string }): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\n\r\n`)

/** Opens a connection; `onLost` is told once when it breaks (never after `close`). */
export function openHttpSocket(url: string, { onAnswer, onLost }: { onAnswer(answer: HttpAnswer): void, onLost(): void }): HttpSocket {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let received: Buffer = Buffer.alloc(0)
  let closed = false
  const lost = () => {
    if (closed) return
    closed = true
    socket.destroy()
    onLost()
  }
  socket.on('data', (bytes: Buffer) => {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes])
    const answer = takeAnswer(received)
    if (!answer) return
    received = received.subarray(answer.size)
    onAnswer(answer)
  })
  socket.on('error', lost)
  socket.on('close', lost)
  return {
    send: request => void socket.write(request),
    close() {
      closed = true
      socket.destroy()
    },
  }
}

/** The answer at the beginning of `bytes`, or undefined while it is not whole. */
function takeAnswer(bytes: Buffer): HttpAnswer & { size: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const start = end + 4
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (length === undefined) return /\r\ntransfer-encoding: *chunked/i.test(head) ? takeChunked(bytes, start, status) : { status, body: Buffer.alloc(0), size: start }
  const size = start + Number(length)
  return bytes.length < size ? undefined : { status, body: bytes.subarray(start, size), size }
}

function takeChunked(bytes: Buffer, start: number, status: number): HttpAnswer & { size: number } | undefined {
  const chunks: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + length + 2
    if (bytes.length < next) return undefined
    if (length === 0) return { status, body: Buffer.concat(chunks), size: next }
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length))
    at = next
  }
}
