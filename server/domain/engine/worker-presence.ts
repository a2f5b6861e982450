import { logger } from '#server/infra/logger.ts'
import { LEASE_SECONDS } from '#server/domain/engine/claim-envelope.ts'
import { heldClaims, takeReleased } from '#server/domain/engine/held-claims.ts'
import { beat, removeWorker, type WorkerRow } from '#server/domain/engine/store.ts'

const BEAT_MS = 2000

/** Says that a worker lives and prolongs its claims, every two seconds until the returned function is called. */
export async function keepPresence(describe: () => WorkerRow): Promise<() => Promise<void>> {
  const beatOnce = () => beat(describe(), { leaseSeconds: LEASE_SECONDS, held: heldClaims(), released: takeReleased() })
  await beatOnce()
  const timer = setInterval(() => {
    beatOnce().catch((error: Error) => logger().warn({ error: error.message }, 'heartbeat not written'))
  }, BEAT_MS)
  return async () => {
    clearInterval(timer)
    await removeWorker(describe().id).catch(() => {})
  }
}
