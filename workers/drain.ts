import { setTimeout as sleep } from 'node:timers/promises'
import { stopAllRuns } from './running-runs.ts'
import type { Lane } from './lane.ts'

/** How long running jobs may go on; what is left then is handed back. The launcher kills after 6 s. */
const FINISH_MS = 4000
/** How long it may take to stop them, by force after a grace period, and to write that down. */
const STOP_MS = 1500
const CLOSE_MS = 200
const LOOK_MS = 10

/**
 * Takes nothing new, lets what runs end, hands the rest back so that it runs elsewhere, counted as nothing. Resolves when
 * all of it is written, and answers how much could not be (its leases run out).
 */
export async function drain(lanes: Lane[]): Promise<number> {
  const closed = Promise.all(lanes.map(lane => lane.close()))
  const busy = () => lanes.reduce((sum, lane) => sum + lane.busy, 0)
  await until(() => busy() === 0, FINISH_MS)
  await until(() => {
    // Again and again: a claim that was on its way may have started more.
    stopAllRuns()
    return busy() === 0
  }, STOP_MS)
  // The belt may be away, and nothing of it is needed any more.
  await Promise.race([closed, sleep(CLOSE_MS)])
  return busy()
}

async function until(isSo: () => boolean, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs
  while (!isSo() && performance.now() < end) await sleep(LOOK_MS)
}
