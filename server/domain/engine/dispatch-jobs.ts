import { forgetStaleCancels } from '#server/domain/engine/cancel-jobs.ts'
import { healParked, healSlots, stampGated } from '#server/domain/engine/dispatch-gated.ts'
import { pushToBelt, refreshLane } from '#server/domain/engine/push-to-belt.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { gatedPairs, promoteDue, readyLanes, stampReady, type StampedJob } from '#server/domain/engine/waiting-room.ts'
import { JOB_TYPE_NAMES, type JobType } from '#shared/job-types.ts'

const BATCH = 1000
const HEAL_BATCH = 1000

/**
 * One round of the dispatcher: what is due (scheduled, retrying) becomes pending; what is ready is stamped in the order of
 * fair shares, committed and pushed, as far as its lane has room. A belt that is away leaves everything where it is.
 */
export async function dispatchDueJobs(): Promise<void> {
  await promoteAll()
  for (const lane of await readyLanes(JOB_TYPE_NAMES)) {
    const room = await refreshLane(lane).catch(() => 0)
    if (room === 0) continue
    await dispatchGated(lane)
    await dispatchReady(lane, room)
  }
}

async function promoteAll(): Promise<void> {
  for (;;) {
    const due = await promoteDue(BATCH)
    tellChanges(due)
    if (due.length < BATCH) return
  }
}

async function dispatchReady(lane: JobType, room: number): Promise<void> {
  for (let left = room; left > 0;) {
    const stamped = await stampReady(lane, Math.min(left, BATCH))
    if (stamped.length === 0) return
    await push(lane, stamped)
    left -= stamped.length
  }
}

async function dispatchGated(lane: JobType): Promise<void> {
  for (const pair of await gatedPairs(lane)) {
    for (let more = true; more;) {
      const round = await stampGated(lane, pair)
      await push(lane, round.stamped)
      more = round.more
    }
  }
}

/** Mends what statements that crossed leave behind: slots of ended jobs, waits for keys that nobody holds, wishes to stop what has ended. */
export async function healWaitingKeys(): Promise<void> {
  await healSlots()
  await forgetStaleCancels()
  while (await healParked(HEAL_BATCH) === HEAL_BATCH);
}

const push = (lane: JobType, stamped: StampedJob[]): Promise<void> => pushToBelt(stamped.map(({ id, priority, alone }) => ({ id, lane, priority, alone })))
