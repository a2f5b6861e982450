import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { logger } from '#server/infra/logger.ts'
import { LEASE_SECONDS } from '#server/domain/engine/lease.ts'
import { heldClaims, takeReleased, tellOfClaims } from '#server/domain/engine/held-claims.ts'
import { beat, removeWorker, type WorkerRow } from '#server/domain/engine/worker-rows.ts'
import { packRuns, type FromBeat, type ToBeat } from '#server/domain/engine/beat-messages.ts'

export interface PresenceOptions {
  /** The worker as it is now. */
  describe(): WorkerRow
  /** Called with the jobs of this worker that are to stop; again each second until they have. */
  onCancel(ids: string[]): void
  /** Called each second with whether this worker is to take no more. */
  onDrain?(wanted: boolean): void
}

const START_AGAIN_MS = 1000

/**
 * Says every second that a worker lives and prolongs its claims, from a thread of its own, so that a processor that holds
 * up the event loop loses nobody's lease. Resolves after the first heartbeat; the returned function ends it.
 */
export async function keepPresence(options: PresenceOptions): Promise<() => Promise<void>> {
  const presence: Presence = { ...options, stopped: false, failing: false }
  const stop = async () => {
    presence.stopped = true
    await presence.thread?.terminate()
  }
  try {
    await new Promise<void>((resolve, reject) => startThread(presence, { resolve, reject }))
  }
  catch (error) {
    await stop()
    throw error
  }
  return async () => {
    await stop()
    await leave(options.describe()).catch(() => {})
  }
}

async function leave(row: WorkerRow): Promise<void> {
  await beat(row, { leaseSeconds: LEASE_SECONDS, held: heldClaims(), released: takeReleased() })
  await removeWorker(row.id)
}

interface Presence extends PresenceOptions { thread?: Worker, stopped: boolean, failing: boolean }

/** `first` is settled by the first heartbeat that is written, or that could not be. */
function startThread(presence: Presence, first?: { resolve(): void, reject(error: Error): void }): void {
  const thread = presence.thread = new Worker(new URL('./beat-thread.ts', import.meta.url))
  const tell = (message: ToBeat) => thread.postMessage(message)
  tellOfClaims((id, runs) => tell({ kind: 'claim', id, runs: packRuns(runs) }))
  thread.on('message', (message: FromBeat) => {
    if (message.kind === 'ask') return tell({ kind: 'state', row: presence.describe(), held: heldClaims(), released: takeReleased() })
    if (message.kind === 'failed') first?.reject(new Error(message.error))
    else first?.resolve()
    hear(presence, message)
  })
  thread.on('error', error => logger().error({ error: error.message }, 'the heartbeat thread failed'))
  void once(thread, 'exit').catch(() => {}).then(() => {
    if (!presence.stopped) setTimeout(() => startThread(presence), START_AGAIN_MS)
  })
}

function hear(presence: Presence, message: Exclude<FromBeat, { kind: 'ask' }>): void {
  if (message.kind === 'failed') {
    if (!presence.failing) logger().warn({ error: message.error }, 'heartbeat not written; it is tried again')
    presence.failing = true
    return
  }
  if (presence.failing) logger().info('heartbeat written again')
  presence.failing = false
  presence.onDrain?.(message.answer.drain)
  if (message.answer.cancels.length > 0) presence.onCancel(message.answer.cancels)
}
