import { laneDepth, pushEnvelopes, type Envelope } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import { handBackToDispatcher } from '#server/domain/engine/store.ts'
import { isJobType, JOB_TYPES } from '#shared/job-types.ts'

export interface Hint { id: string, lane: string, priority: number }

/** Most envelopes a lane may hold before further jobs wait in PostgreSQL for the dispatcher. */
export const WINDOW = 2000
const DEPTH_FRESH_MS = 500
const failing = new Set<string>()
const depths = new Map<string, { depth: number, at: number, asking: boolean }>()

/** Whether a job of this lane may go at once, by the depth last seen (asked again in the background when stale). */
export function laneHasRoom(lane: string): boolean {
  const known = depths.get(lane) ?? { depth: 0, at: 0, asking: false }
  depths.set(lane, known)
  if (!known.asking && Date.now() - known.at > DEPTH_FRESH_MS) void refreshDepth(lane)
  return known.depth < WINDOW
}

/** Asks the belt how deep a lane is; throws when the belt is away. */
export async function askDepth(lane: string): Promise<number> {
  const depth = await laneDepth(lane)
  depths.set(lane, { depth, at: Date.now(), asking: false })
  return depth
}

async function refreshDepth(lane: string): Promise<void> {
  const known = depths.get(lane)!
  known.asking = true
  // The belt is away: let jobs go "at once"; the failing push hands them back to the dispatcher.
  await askDepth(lane).catch(() => depths.set(lane, { depth: 0, at: Date.now(), asking: false }))
}

/**
 * Pushes hints of stamped rows, as envelopes of one lane and priority. Never throws: when the belt is away the rows are
 * made due again, and the dispatcher sends them once it is back.
 */
export async function pushToBelt(hints: Hint[]): Promise<void> {
  const lanes = Map.groupBy(hints, hint => hint.lane)
  await Promise.all([...lanes].map(async ([lane, ofLane]) => {
    try {
      await pushEnvelopes(lane, toEnvelopes(lane, ofLane))
      if (failing.delete(lane)) logger().info({ lane }, 'the belt takes hints again')
    }
    catch (error) {
      warnOnce(lane, (error as Error).message)
      await handBackToDispatcher(ofLane.map(hint => hint.id)).catch(lost => logger().warn({ lane, error: (lost as Error).message }, 'hints lost; the dispatcher finds their jobs'))
    }
  }))
}

/** One line when a lane begins to fail, not one per try. */
function warnOnce(lane: string, error: string): void {
  if (!failing.has(lane)) logger().warn({ lane, error }, 'the belt takes no hints; jobs wait in the database')
  failing.add(lane)
}

function toEnvelopes(lane: string, hints: Hint[]): Envelope[] {
  const size = isJobType(lane) ? JOB_TYPES[lane].envelopeSize : 1
  return [...Map.groupBy(hints, hint => hint.priority)].flatMap(([priority, same]) =>
    Array.from({ length: Math.ceil(same.length / size) }, (_, index) => ({
      priority, ids: same.slice(index * size, (index + 1) * size).map(hint => hint.id),
    })))
}
