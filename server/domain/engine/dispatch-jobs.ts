import { randomUUID } from 'node:crypto'
import { beltHasEpochs, readBeltEpoch, writeBeltEpoch } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import { askDepth, pushToBelt, WINDOW } from '#server/domain/engine/push-to-belt.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { dispatchDue, hasPending, readEpoch, restampLane, writeEpoch } from '#server/domain/engine/store.ts'
import { JOB_TYPE_NAMES } from '#shared/job-types.ts'

const BATCH = 1000
/** A stamped row younger than this may still be on its way to the belt. */
const STAMP_GRACE_SECONDS = 5

/**
 * One round of the dispatcher: due rows (scheduled, retrying, handed back, over the window) become pending, are stamped,
 * committed and pushed. A lane without room, or a belt that is away, leaves its rows due.
 */
export async function dispatchDueJobs(): Promise<void> {
  const lanes = await lanesWithRoom()
  for (;;) {
    const due = await dispatchDue(lanes, BATCH)
    if (due.length === 0) return
    tellChanges(due.filter(row => row.from_state !== 'pending'))
    await pushToBelt(due.filter(row => row.job_type !== null).map(row => ({ id: row.id, lane: row.job_type!, priority: row.priority })))
    if (due.length < BATCH) return
  }
}

async function lanesWithRoom(): Promise<string[]> {
  const depths = await Promise.all(JOB_TYPE_NAMES.map(lane => askDepth(lane).catch(() => Infinity)))
  return JOB_TYPE_NAMES.filter((_, index) => depths[index]! < WINDOW)
}

const emptySince = new Map<string, number>()

/**
 * True when a lane has been empty for as long as a hint may be under way, and jobs waited all the time. Looking for
 * their rows reads the whole table, so a lane that is only empty for a moment is not a reason.
 */
async function looksAbandoned(lane: string): Promise<boolean> {
  if (await askDepth(lane) > 0 || !(await hasPending(lane))) {
    emptySince.delete(lane)
    return false
  }
  const since = emptySince.get(lane) ?? Date.now()
  const abandoned = Date.now() - since >= STAMP_GRACE_SECONDS * 1000
  emptySince.set(lane, abandoned ? Date.now() : since)
  return abandoned
}

/**
 * Finds hints that were lost: everything when the belt shows another epoch than the record (it was wiped), else the
 * lanes that are empty on the belt while stamped rows wait. Duplicate hints are harmless: the claim drops them.
 */
export async function recoverLostHints(): Promise<void> {
  const [shown, expected] = await Promise.all([readBeltEpoch(), readEpoch()])
  const wiped = beltHasEpochs() && (shown === null || shown !== expected)
  for (const lane of JOB_TYPE_NAMES) {
    if (!wiped && !(await looksAbandoned(lane))) continue
    const found = await restampLane(lane, wiped ? 0 : STAMP_GRACE_SECONDS)
    if (found > 0) logger().warn({ lane, jobs: found, wiped }, 'hints were lost; their jobs are sent again')
  }
  if (!wiped) return
  const epoch = randomUUID()
  await writeEpoch(epoch)
  await writeBeltEpoch(epoch)
}
