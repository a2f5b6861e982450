import { defineWebSocketHandler } from 'h3'
import { toJobFrame } from '#server/domain/jobs/job-frames.ts'
import { join, leave, sendTo } from '#server/http/live-hub.ts'
import { upgradeWith } from '#server/http/sockets.ts'

/** Every job change of the caller's organization; of every organization for the administrator. */
export default defineWebSocketHandler({
  upgrade: upgradeWith(({ caller }) => ({ key: caller.isAdmin ? '*' : caller.organizationId, forAdmin: caller.isAdmin })),
  open(peer) {
    const { key, forAdmin } = peer.context as { key: string, forAdmin: boolean }
    join({ room: 'jobs', key, peer, onJob: source => sendTo(peer, JSON.stringify(toJobFrame(source, forAdmin))) })
  },
  close: leave,
  error: leave,
})
