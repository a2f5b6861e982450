import { setTimeout as sleep } from 'node:timers/promises'
import { logger } from '#server/infra/logger.ts'
import { subscribe } from '#server/infra/live-bus.ts'
import { dispatchDueJobs, healWaitingKeys } from '#server/domain/engine/dispatch-jobs.ts'
import { expireJobs } from '#server/domain/engine/expire-jobs.ts'
import { cleanQueues, forgetKeys, indexHistory, keepPartitions } from '#server/domain/engine/keep-history.ts'
import { keepMinutes, sampleDepth } from '#server/domain/engine/keep-minutes.ts'
import { reapClaims } from '#server/domain/engine/reap-claims.ts'
import { recoverLostHints, sweepOldHints } from '#server/domain/engine/recover-hints.ts'
import { forgetErrors, rollUpErrors } from '#server/domain/engine/roll-up-errors.ts'
import { forgetSilentWorkers, holdLease, releaseLeases, rollUpCounters } from '#server/domain/engine/worker-rows.ts'
import { untilWanted, wokenHere } from '#server/domain/engine/wake-dispatcher.ts'

/** Work that one process does for all, again and again. */
export interface ControlLoop {
  name: string
  everyMs: number
  tick(): Promise<void>
  /** The pause between two rounds, when it may end early. */
  pause?(milliseconds: number, signal: AbortSignal): Promise<void>
}

const LEASE_SECONDS = 6
const RENEW_MS = 2000

const ENGINE_LOOPS: ControlLoop[] = [
  { name: 'dispatch', everyMs: 200, tick: dispatchDueJobs, pause: untilWanted },
  { name: 'heal-keys', everyMs: 2000, tick: healWaitingKeys },
  { name: 'expire', everyMs: 500, tick: expireJobs },
  { name: 'recover-hints', everyMs: 1000, tick: recoverLostHints },
  { name: 'sweep-hints', everyMs: 30_000, tick: sweepOldHints },
  { name: 'reap', everyMs: 1000, tick: reapAll },
  { name: 'roll-up', everyMs: 1000, tick: rollUpAll },
  { name: 'roll-up-errors', everyMs: 1000, tick: rollUpErrors },
  { name: 'forget-errors', everyMs: 60_000, tick: forgetErrors },
  { name: 'sample-depth', everyMs: 5000, tick: () => sampleDepth() },
  { name: 'keep-minutes', everyMs: 300_000, tick: keepMinutes },
  { name: 'forget-workers', everyMs: 10_000, tick: forgetSilentWorkers },
  { name: 'partitions', everyMs: 60_000, tick: keepPartitions },
  { name: 'index-history', everyMs: 60_000, tick: indexHistory },
  { name: 'clean-queues', everyMs: 60_000, tick: cleanQueues },
  { name: 'forget-keys', everyMs: 10_000, tick: forgetKeys },
]

async function reapAll(): Promise<void> {
  while (await reapClaims() > 0);
}

async function rollUpAll(): Promise<void> {
  while (await rollUpCounters(20_000) === 20_000);
}

/** Starts the engine's control loops and `more` of them; each runs where its lease is held. The returned function ends them. */
export function startControlLoops(holder: string, more: ControlLoop[]): () => Promise<void> {
  const stop = new AbortController()
  const unsubscribe = subscribe('bespin_wakes', { onItems: wokenHere, onResync: wokenHere })
  const running = [...ENGINE_LOOPS, ...more].map(loop => runLoop(loop, holder, stop.signal))
  return async () => {
    stop.abort()
    await unsubscribe()
    await Promise.all(running)
    await releaseLeases(holder).catch(() => {})
  }
}

const pauseFor = (milliseconds: number, signal: AbortSignal): Promise<void> => sleep(milliseconds, undefined, { signal }).catch(() => {})

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
    if (heldUntil > 0) await (loop.pause ?? pauseFor)(loop.everyMs, signal)
    else await pauseFor(RENEW_MS, signal)
  }
}
