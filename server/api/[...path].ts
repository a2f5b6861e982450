import { eventHandler } from 'h3'
import { AppError } from '#server/domain/app-error.ts'
import { refuseUpgrade } from '#server/http/sockets.ts'

/** Over HTTP the edge has answered unknown paths before; this is where their WebSocket upgrades end. */
export default eventHandler({
  handler() {
    throw new AppError('NOT_FOUND', 'There is nothing at this path.')
  },
  websocket: { upgrade: refuseUpgrade },
})
