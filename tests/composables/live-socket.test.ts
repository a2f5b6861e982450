import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { openLiveSocket, retryDelay, type LinkState, type LiveSocket } from '../../composables/live-socket.ts'
import type { LiveFrame } from '../../shared/schemas/live.ts'
import { until } from '../support/until.ts'

const open: (LiveSocket | WebSocketServer)[] = []
afterEach(() => { for (const one of open.splice(0)) one.close() })

async function listen(port = 0): Promise<{ server: WebSocketServer, port: number }> {
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  open.push(server)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}
function connect(port: number) {
  const frames: LiveFrame[] = []
  const states: LinkState[] = []
  const socket = openLiveSocket({ url: `ws://127.0.0.1:${port}`, onFrame: frame => frames.push(frame), onState: state => states.push(state) })
  open.push(socket)
  return { frames, states, socket }
}
const isOpen = (states: LinkState[]) => states.at(-1) === 'open'

describe('the live connection', () => {
  it('hands over the frames it knows and drops what it cannot read', async () => {
    const { server, port } = await listen()
    server.on('connection', (peer) => {
      for (const text of ['not json', '{"type":"unheard-of"}', 'null', '{"type":"resync"}']) peer.send(text)
    })
    const { frames } = connect(port)
    await until(() => frames.length > 0, { seconds: 5, what: 'a frame' })
    expect(frames).toEqual([{ type: 'resync' }])
  })

  it('says that it is lost when the server goes, and is back by itself when the server is', async () => {
    const { server, port } = await listen()
    const { states } = connect(port)
    await until(() => isOpen(states), { seconds: 5, what: 'the connection' })
    for (const peer of server.clients) peer.terminate()
    server.close()
    await until(() => states.at(-1) === 'lost', { seconds: 5, what: 'the loss' })
    await listen(port)
    await until(() => isOpen(states), { seconds: 15, what: 'the return' })
    expect(states.slice(0, 3)).toEqual(['connecting', 'open', 'lost'])
  })

  it('stays away once closed', async () => {
    const { server, port } = await listen()
    const { states, socket } = connect(port)
    await until(() => isOpen(states), { seconds: 5, what: 'the connection' })
    socket.close()
    await until(() => server.clients.size === 0, { seconds: 5, what: 'the goodbye' })
    await new Promise(resolve => setTimeout(resolve, 700))
    expect(server.clients.size).toBe(0)
    expect(isOpen(states)).toBe(true)
  })

  it('waits longer after each failed try, at most ten seconds, never the same for all tabs', () => {
    expect([0, 1, 2, 3].map(tries => retryDelay(tries, () => 1))).toEqual([500, 1000, 2000, 4000])
    expect(retryDelay(50, () => 1)).toBe(10_000)
    expect(retryDelay(0, () => 0)).toBe(250)
  })
})
