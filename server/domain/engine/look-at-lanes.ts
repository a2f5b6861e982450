import { beltAnswers, beltTrouble } from '#server/infra/belt.ts'
import { refreshLane } from '#server/domain/engine/push-to-belt.ts'
import { readRunners } from '#server/domain/engine/read-runners.ts'
import { workersByLane, type LaneWorkers } from '#server/domain/engine/worker-rows.ts'
import { isJobType } from '#shared/job-types.ts'

/** What carries the jobs of one type to its workers, as it is now. */
export interface LaneFacts extends LaneWorkers {
  /** Jobs that the belt still takes; null when it does not answer. */
  room: number | null
  /** Why the workers must not work on the belt. */
  trouble: string | null
}

/** Looks at the belt and the workers of these job types, for all of them in a few queries. Never throws for a belt that is away. */
export async function lookAtLanes(lanes: readonly string[]): Promise<Map<string, LaneFacts>> {
  const known = lanes.filter(isJobType)
  if (known.length === 0) return new Map()
  const [workers, answers] = await Promise.all([workersByLane(), beltAnswers()])
  const trouble = answers ? await beltTrouble().catch(() => null) : null
  const facts = await Promise.all(known.map(async (lane): Promise<[string, LaneFacts]> => {
    // A client whose carrier is away waits for it; here somebody waits for an answer.
    const room = answers ? await refreshLane(lane).catch(() => null) : null
    const found = { taking: 0, refusing: 0, ...workers.get(lane) }
    return [lane, { ...found, room, trouble: trouble ?? (lane === 'code-execution' && found.taking === 0 ? await codeTrouble() : null) }]
  }))
  return new Map(facts)
}

/** Why the living code workers run no code; null when there are none. */
async function codeTrouble(): Promise<string | null> {
  const [first] = (await readRunners()).flatMap(({ runner }) => runner && !runner.ok ? [runner] : [])
  return first ? `No code is run: ${[first.reason, first.remedy].filter(Boolean).join(' ')}` : null
}

const GLANCE_MS = 500
let glance: { at: number, lanes: string, facts: Promise<Map<string, LaneFacts>> } | undefined

/** The same, at most half a second old: for lists, which many people ask for again and again. */
export function glanceAtLanes(lanes: readonly string[]): Promise<Map<string, LaneFacts>> {
  const [now, names] = [performance.now(), lanes.toSorted().join(' ')]
  if (!glance || glance.lanes !== names || now - glance.at > GLANCE_MS) glance = { at: now, lanes: names, facts: lookAtLanes(lanes) }
  return glance.facts
}
