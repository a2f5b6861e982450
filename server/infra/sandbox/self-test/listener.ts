import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** Listens on this machine for what must never arrive. `wasReached` closes it. */
export async function openListener(): Promise<{ port: number, wasReached(): Promise<boolean> }> {
  let reached = false
  const server = createServer((socket) => {
    reached = true
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    wasReached: () => new Promise(resolve => server.close(() => resolve(reached))),
  }
}
