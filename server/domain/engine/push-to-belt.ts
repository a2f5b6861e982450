import { laneDepth, pushEnvelopes, type Envelope } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import { envelopeSize, UNMEASURED_MS } from '#server/domain/engine/envelope-size.ts'
import { liveWorkers } from '#server/domain/engine/worker-rows.ts'
import { readyLanes, returnToWaiting } from '#server/domain/engine/waiting-room.ts'
import { JOB_TYPES, type JobType } from '#shared/job-types.ts'

/** `alone`: in an envelope of its own. */
export interface Hint { id: string, lane: JobType, priority: number, alone?: boolean }

/** The belt holds about this much work of a lane; what is more waits in PostgreSQL, where it can still be shared out fairly. */
const WINDOW_MS = 2000
const WINDOW_MIN = 200
const WINDOW_MAX = 100_000
const FRESH_MS = 500

interface Lane { depth: number, window: number, size: number, backlog: boolean, at: number, asking: boolean }
const failing = new Set<string>()
const lanes = new Map<JobType, Lane>()

const laneOf = (name: JobType): Lane => {
  const known = lanes.get(name) ?? { depth: 0, window: WINDOW_MIN, size: envelopeSize(name, undefined), backlog: false, at: 0, asking: false }
  lanes.set(name, known)
  return known
}

/**
 * Whether a job of this lane may go at once. While others wait for the dispatcher only half of the window is free for
 * those, so that nobody can keep them waiting by never stopping to send.
 */
export function laneHasRoom(name: JobType): boolean {
  const lane = laneOf(name)
  if (!lane.asking && Date.now() - lane.at > FRESH_MS) void refreshInBackground(name, lane)
  return lane.depth < (lane.backlog ? lane.window / 2 : lane.window)
}

async function refreshInBackground(name: JobType, lane: Lane): Promise<void> {
  lane.asking = true
  // The belt is away: let jobs go "at once"; the failing push hands them back to the dispatcher.
  await refreshLane(name).catch(() => Object.assign(lane, { depth: 0, at: Date.now() }))
  lane.asking = false
}

/** Jobs a lane can still take, by the depth of its belt and what its handlers were measured to need. Throws when the belt is away. */
export async function refreshLane(name: JobType): Promise<number> {
  const [envelopes, { count, handlerMs }, backlog] = await Promise.all([laneDepth(name), liveWorkers(), readyLanes([name])])
  const lane = laneOf(name)
  lane.size = envelopeSize(name, handlerMs[name])
  const perWorker = WINDOW_MS / Math.max(handlerMs[name] ?? UNMEASURED_MS, 0.01) * JOB_TYPES[name].slots
  lane.window = Math.round(Math.min(WINDOW_MAX, Math.max(WINDOW_MIN, perWorker * Math.max(1, count))))
  lane.depth = envelopes * lane.size
  lane.backlog = backlog.length > 0
  lane.at = Date.now()
  return Math.max(0, lane.window - lane.depth)
}

/**
 * Pushes hints of stamped rows, as envelopes of one lane and priority. Never throws: when the belt is away the rows go
 * back into the waiting room, and the dispatcher sends them once it is back.
 */
export async function pushToBelt(hints: Hint[]): Promise<void> {
  const byLane = Map.groupBy(hints, hint => hint.lane)
  await Promise.all([...byLane].map(async ([name, ofLane]) => {
    laneOf(name).depth += ofLane.length
    try {
      await pushEnvelopes(name, toEnvelopes(laneOf(name).size, ofLane))
      if (failing.delete(name)) logger().info({ lane: name }, 'the belt takes hints again')
    }
    catch (error) {
      warnOnce(name, (error as Error).message)
      await returnToWaiting(ofLane.map(hint => hint.id)).catch(lost => logger().warn({ lane: name, error: (lost as Error).message }, 'hints lost; the dispatcher finds their jobs'))
    }
  }))
}

/** One line when a lane begins to fail, not one per try. */
function warnOnce(lane: string, error: string): void {
  if (!failing.has(lane)) logger().warn({ lane, error }, 'the belt takes no hints; jobs wait in the database')
  failing.add(lane)
}

function toEnvelopes(size: number, hints: Hint[]): Envelope[] {
  const alone = hints.filter(hint => hint.alone).map(({ id, priority }) => ({ priority, ids: [id] }))
  const shared = [...Map.groupBy(hints.filter(hint => !hint.alone), hint => hint.priority)].flatMap(([priority, same]) =>
    Array.from({ length: Math.ceil(same.length / size) }, (_, index) => ({
      priority, ids: same.slice(index * size, (index + 1) * size).map(hint => hint.id),
    })))
  return [...alone, ...shared]
}
