import { defineNitroPlugin } from 'nitropack/runtime'
import { openLiveHub } from '#server/http/live-hub.ts'
import { refuseUpgrade } from '#server/http/sockets.ts'

export default defineNitroPlugin((nitro) => {
  const close = openLiveHub()
  nitro.hooks.hook('close', close)

  // A route without socket hooks would accept any upgrade and keep the connection, unasked who it is.
  const sockets = nitro.h3App.websocket
  const hooksOf = sockets.resolve
  sockets.resolve = async (request) => {
    const hooks = await hooksOf?.(request)
    return hooks && Object.keys(hooks).length > 0 ? hooks : { upgrade: refuseUpgrade }
  }
})
