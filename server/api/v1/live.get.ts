import { defineWebSocketHandler } from 'h3'
import { AppError } from '#server/domain/app-error.ts'
import { joinLive, leave } from '#server/http/live-hub.ts'
import { upgradeWith } from '#server/http/sockets.ts'
import { QueueName } from '#shared/schemas/primitives.ts'

/** The dashboard's one socket per tab: job changes, receipts, and `resync` when something was missed. */
export default defineWebSocketHandler({
  upgrade: upgradeWith(({ caller, url }) => {
    const queueName = url.searchParams.get('queue_name') ?? undefined
    if (queueName !== undefined && !QueueName.safeParse(queueName).success) throw new AppError('BAD_REQUEST', 'queue_name must be the name of a queue.')
    return { organizationId: caller.organizationId, queueName }
  }),
  open(peer) {
    const { organizationId, queueName } = peer.context as { organizationId: string, queueName?: string }
    joinLive(peer, organizationId, queueName)
  },
  close: leave,
  error: leave,
})
