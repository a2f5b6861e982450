import { OTHER_GROUP } from '#server/domain/engine/error-form.ts'

/** Failures of one group, queue and type that one statement of the engine counted. */
export interface ErrorDelta {
  organization_id: string
  error_group: string
  queue_name: string
  job_type: string
  count: number
  job_id: string
  run: number
  worker_id: string | null
  at: Date
}
export interface GroupSum { organizationId: string, id: string, count: number, firstSeen: Date, lastSeen: Date, first: ErrorDelta, last: ErrorDelta }
export interface PlaceSum { organizationId: string, groupId: string, queueName: string, jobType: string, count: number, lastSeen: Date }
export interface StepSum { organizationId: string, groupId: string, stepMinutes: number, at: Date, count: number }
export interface ErrorSums { groups: GroupSum[], places: PlaceSum[], steps: StepSum[] }

const STEPS_MINUTES = [1, 60] as const
const MINUTE_MS = 60_000
export const groupKey = (organizationId: string, group: string) => `${organizationId} ${group}`

/** Adds deltas up by group, by place and by step of time. */
export function addUpErrors(deltas: ErrorDelta[]): ErrorSums {
  const groups = new Map<string, GroupSum>()
  const places = new Map<string, PlaceSum>()
  const steps = new Map<string, StepSum>()
  for (const delta of deltas) {
    const { organization_id: organizationId, error_group: group, queue_name: queueName, job_type: jobType, count, at } = delta
    const key = groupKey(organizationId, group)
    const sum = entry(groups, key, () => ({ organizationId, id: group, count: 0, firstSeen: at, lastSeen: at, first: delta, last: delta }))
    sum.count += count
    if (at < sum.firstSeen) Object.assign(sum, { firstSeen: at, first: delta })
    if (at >= sum.lastSeen) Object.assign(sum, { lastSeen: at, last: delta })
    const place = entry(places, `${key} ${queueName} ${jobType}`, () => ({ organizationId, groupId: group, queueName, jobType, count: 0, lastSeen: at }))
    place.count += count
    if (at > place.lastSeen) place.lastSeen = at
    for (const stepMinutes of STEPS_MINUTES) {
      const begin = Math.floor(at.getTime() / (stepMinutes * MINUTE_MS)) * stepMinutes * MINUTE_MS
      entry(steps, `${key} ${stepMinutes} ${begin}`, () => ({ organizationId, groupId: group, stepMinutes, at: new Date(begin), count: 0 })).count += count
    }
  }
  return { groups: [...groups.values()], places: [...places.values()], steps: [...steps.values()] }
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

export interface Room { known: ReadonlySet<string>, held: ReadonlyMap<string, number>, most: number }

/**
 * New groups beyond the most an organization may have go to its group of other errors. `known`: keys of the groups there
 * are; `held`: how many each organization has.
 */
export function keepWithin(deltas: ErrorDelta[], { known, held, most }: Room): ErrorDelta[] {
  const room = new Map<string, number>()
  const admitted = new Set(known)
  return deltas.map((delta) => {
    const key = groupKey(delta.organization_id, delta.error_group)
    if (admitted.has(key)) return delta
    const left = room.get(delta.organization_id) ?? most - (held.get(delta.organization_id) ?? 0)
    if (left <= 0) return { ...delta, error_group: OTHER_GROUP }
    room.set(delta.organization_id, left - 1)
    admitted.add(key)
    return delta
  })
}
