import { randomUUID } from 'node:crypto'
import { beltHasEpochs, laneDepth, readBeltEpoch, writeBeltEpoch } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import { readEpoch, writeEpoch } from '#server/domain/engine/worker-rows.ts'
import { createLookPatience } from '#server/domain/engine/look-patience.ts'
import { hasPending, returnToWaiting, stampedFrom } from '#server/domain/engine/waiting-room.ts'
import { JOB_TYPE_NAMES } from '#shared/job-types.ts'

const BATCH = 5000
/** A stamped row younger than this may still be on its way to the belt. */
const GRACE_SECONDS = 5
/** A hint older than this, on a lane that never runs empty, is taken for lost. */
const SWEEP_AFTER_SECONDS = 30
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** The lowest UUIDv7 of a moment. */
const firstIdOf = (milliseconds: number): string =>
  Math.max(0, milliseconds).toString(16).padStart(12, '0').replace(/^(.{8})(.{4})$/, '$1-$2-0000-0000-000000000000')
const secondsAgo = (seconds: number): string => firstIdOf(Date.now() - seconds * 1000)

const patience = createLookPatience({ firstMs: GRACE_SECONDS * 1000, mostMs: 60_000 })

/** True when a lane has been empty for as long as a hint may be under way, and jobs waited all the time. */
async function looksAbandoned(lane: string): Promise<boolean> {
  return patience.isOver(lane, await laneDepth(lane) === 0 && await hasPending(lane), Date.now())
}

async function sendAgain(lanes: readonly string[], range: { from: string, to: string }): Promise<number> {
  let sent = 0
  for (let from = range.from; ;) {
    const ids = await stampedFrom({ lanes, from, to: range.to, limit: BATCH })
    sent += await returnToWaiting(ids)
    if (ids.length < BATCH) return sent
    from = ids.at(-1)!
  }
}

/**
 * Finds hints that were lost: everything when the belt shows another epoch than the record (it was wiped), else the
 * lanes that are empty on the belt while stamped rows wait. Duplicate hints are harmless: the claim drops them.
 */
export async function recoverLostHints(): Promise<void> {
  const [shown, expected] = await Promise.all([readBeltEpoch(), readEpoch()])
  const wiped = beltHasEpochs() && (shown === null || shown !== expected)
  const lanes: string[] = []
  for (const lane of JOB_TYPE_NAMES) if (wiped || await looksAbandoned(lane)) lanes.push(lane)
  if (lanes.length > 0) {
    const jobs = await sendAgain(lanes, { from: FIRST_ID, to: secondsAgo(wiped ? -60 : GRACE_SECONDS) })
    for (const lane of lanes) patience.looked(lane, jobs > 0)
    if (jobs > 0) logger().warn({ lanes, jobs, wiped }, 'hints were lost; their jobs are sent again')
  }
  if (!wiped) return
  const epoch = randomUUID()
  await writeEpoch(epoch)
  await writeBeltEpoch(epoch)
}

let sweptTo: string | undefined

/** On lanes that never run empty: looks once at every job of the last while whose hint should have been claimed long ago. */
export async function sweepOldHints(): Promise<void> {
  const to = secondsAgo(SWEEP_AFTER_SECONDS)
  const jobs = await sendAgain(JOB_TYPE_NAMES, { from: sweptTo ?? secondsAgo(10 * SWEEP_AFTER_SECONDS), to })
  sweptTo = to
  if (jobs > 0) logger().info({ jobs }, 'hints older than half a minute are sent again')
}
