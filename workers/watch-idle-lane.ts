import { setTimeout as sleep } from 'node:timers/promises'
import { laneDepth } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import { readReadiness } from '#server/domain/engine/read-health.ts'
import type { Lane } from './lane.ts'

const LOOK_MS = 1000
/** Looks in a row at which a lane sat idle beside work: then its connection is made anew; then the process gives up. */
const RECYCLE_AFTER = 15
const GIVE_UP_AFTER = 30

export interface WatchOptions {
  /** Ends the watch. */
  signal: AbortSignal
  /** Called when a new connection did not help. */
  giveUp(lane: Lane): void
  lookMs?: number
}

/**
 * Looks after a lane that stands still although it could work. Counted in looks, so that a process that was stopped as a
 * whole is not blamed.
 */
export async function watchIdleLane(lane: Lane, { signal, giveUp, lookMs = LOOK_MS }: WatchOptions): Promise<void> {
  let taken = lane.taken
  let idle = 0
  while (!signal.aborted) {
    await sleep(lookMs, undefined, { signal }).catch(() => {})
    const standsStill = lane.isOpen && lane.slots.free > 0 && lane.taken === taken && await hasWork(lane) && lane.taken === taken
    idle = standsStill ? idle + 1 : 0
    taken = lane.taken
    if (signal.aborted) return
    if (idle === RECYCLE_AFTER) await recycle(lane, signal)
    else if (idle === GIVE_UP_AFTER) giveUp(lane)
  }
}

async function recycle(lane: Lane, signal: AbortSignal): Promise<void> {
  logger().warn({ lane: lane.name, looks: RECYCLE_AFTER }, 'jobs wait on the belt and none is taken; the connection is made anew')
  await lane.close()
  if (!signal.aborted) lane.open()
}

/** True when envelopes wait on the belt of a lane and the database is there to claim them. */
async function hasWork(lane: Lane): Promise<boolean> {
  try {
    return await laneDepth(lane.name) > 0 && (await readReadiness()).ready
  }
  catch {
    return false
  }
}
