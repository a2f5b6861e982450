import { defineNitroPlugin } from 'nitropack/runtime'
import type { Server } from 'node:http'

/**
 * Idle connections are kept for longer than proxies keep theirs (nginx and the load balancers of the clouds: 60 s). With
 * Node's 5 s a proxy may send a request on a connection that is being closed, and its client gets a 502.
 */
const KEEP_ALIVE_MS = 65_000

export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('request', (event) => {
    // The server is made by the preset and not handed out; its connections know it.
    const server = (event.node.req.socket as { server?: Server } | undefined)?.server
    if (!server || server.keepAliveTimeout === KEEP_ALIVE_MS) return
    server.keepAliveTimeout = KEEP_ALIVE_MS
    // Node wants the time for headers to be the longer one.
    server.headersTimeout = Math.max(server.headersTimeout, KEEP_ALIVE_MS + 1000)
  })
})
