import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { openEventStream, type EventStream } from '#server/http/event-stream.ts'

let server: Server
afterEach(() => server.close())

/** A server whose answer is a stream, and a client that reads nothing by itself. */
async function open(): Promise<{ stream: EventStream, response: ServerResponse, client: ReturnType<typeof connect> }> {
  server = createServer()
  const opened = once(server, 'request').then(([, response]) => ({ response: response as ServerResponse, stream: openEventStream(response as ServerResponse) }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  return { ...await opened, client }
}

describe('a stream of events', () => {
  it('is open before anything is told, tells events one by one, and ends', async () => {
    const { stream, client } = await open()
    const text: string[] = []
    client.setEncoding('utf8').on('data', (data: string) => text.push(data))
    while (!text.join('').includes('text/event-stream')) await once(client, 'data')
    stream.tell('status', { state: 'running', text: 'a\nb' })
    stream.close()
    await once(client, 'data')
    expect(text.join('')).toContain('event: status\ndata: {"state":"running","text":"a\\nb"}\n\n')
    client.destroy()
  })

  it('tells one large event to a reader that reads', async () => {
    const { stream, response, client } = await open()
    stream.tell('result', 'x'.repeat(8_000_000))
    stream.close()
    let bytes = 0
    client.on('data', (data: Buffer) => { bytes += data.length })
    await once(response, 'close')
    while (bytes < 8_000_000) await once(client, 'data')
    client.destroy()
  })

  it('is cut off when its reader does not keep up, and takes no more then', async () => {
    const { stream, response, client } = await open()
    const data = 'x'.repeat(100_000)
    let told = 0
    for (; told < 1000 && !response.destroyed; told++) {
      stream.tell('output', data)
      await new Promise(setImmediate)
    }
    expect(response.destroyed).toBe(true)
    expect(told).toBeLessThan(500)
    expect(response.writableLength).toBeLessThan(5 * 1024 * 1024)
    stream.tell('output', data)
    stream.close()
    client.destroy()
  })
})
