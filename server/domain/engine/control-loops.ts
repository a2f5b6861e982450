import { setTimeout as sleep } from 'node:timers/promises'
import { logger } from '#server/infra/logger.ts'
import { dispatchDueJobs, recoverLostHints } from '#server/domain/engine/dispatch-jobs.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { forgetSilentWorkers, holdLease, reapClaims, releaseLeases, rollUpCounters } from '#server/domain/engine/store.ts'

/** Work that one process does for all, again and again. */
export interface ControlLoop { name: string, everyMs: number, tick(): Promise<void> }

/** A job that lost this many workers goes to the dead letter: it probably ends them. */
const CRASH_LIMIT = 3
const LEASE_SECONDS = 6
const RENEW_MS = 2000

const ENGINE_LOOPS: ControlLoop[] = [
  { name: 'dispatch', everyMs: 200, tick: dispatchDueJobs },
  { name: 'recover-hints', everyMs: 1000, tick: recoverLostHints },
  { name: 'reap', everyMs: 1000, tick: async () => tellChanges(await reapClaims(CRASH_LIMIT)) },
  { name: 'roll-up', everyMs: 1000, tick: rollUpAll },
  { name: 'forget-workers', everyMs: 10_000, tick: forgetSilentWorkers },
]

async function rollUpAll(): Promise<void> {
  while (await rollUpCounters(20_000) === 20_000);
}

/** Starts the engine's control loops and `more` of them; each runs where its lease is held. The returned function ends them. */
export function startControlLoops(holder: string, more: ControlLoop[]): () => Promise<void> {
  const stop = new AbortController()
  const running = [...ENGINE_LOOPS, ...more].map(loop => runLoop(loop, holder, stop.signal))
  return async () => {
    stop.abort()
    await Promise.all(running)
    await releaseLeases(holder).catch(() => {})
  }
}

async function runLoop(loop: ControlLoop, holder: string, signal: AbortSignal): Promise<void> {
  let heldUntil = 0
  let failing = false
  while (!signal.aborted) {
    try {
      const now = Date.now()
      // Renewed well before it ends; correct with two leaders all the same, since every statement is guarded.
      if (heldUntil - now < (LEASE_SECONDS * 1000 - RENEW_MS)) {
        heldUntil = await holdLease(loop.name, holder, LEASE_SECONDS) ? now + LEASE_SECONDS * 1000 : 0
      }
      if (heldUntil > now) await loop.tick()
      if (failing) logger().info({ loop: loop.name }, 'control loop works again')
      failing = false
    }
    catch (error) {
      if (!failing) logger().warn({ loop: loop.name, error: (error as Error).message }, 'control loop failed; it tries again')
      failing = true
    }
    await sleep(heldUntil > 0 ? loop.everyMs : RENEW_MS, undefined, { signal }).catch(() => {})
  }
}
