import { defineWebSocketHandler } from 'h3'
import { joinLive, leave } from '#server/http/live-hub.ts'
import { upgradeWith } from '#server/http/sockets.ts'

/** The dashboard's one socket per tab: job changes, receipts, and `resync` when something was missed. */
export default defineWebSocketHandler({
  upgrade: upgradeWith(({ caller }) => ({ organizationId: caller.organizationId })),
  open(peer) {
    const { organizationId } = peer.context as { organizationId: string }
    joinLive(peer, organizationId)
  },
  close: leave,
  error: leave,
})
