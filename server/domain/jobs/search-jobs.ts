/** Looks for jobs, newest first: by an index where one answers, else through the rows, for a bounded time and number. */
import { idRange } from '#server/domain/jobs/id-bounds.ts'
import type { SearchReader } from '#server/domain/jobs/search-reader.ts'
import { withSearch } from '#server/domain/jobs/search-store.ts'
import type { JobCondition } from '#server/domain/jobs/job-condition.ts'

/** One request looks through at most so many jobs, and goes on for at most so long (it ends the step it is in). */
export const MOST_LOOKED = 200_000
const MOST_MS = 200
const FIRST_STEP = 1000
const LONGEST_STEP = 40_000
/** A step is as long as it may overrun the time of the request. */
const STEP_MS = 60
/** Candidates of an index that are judged at once. */
const CANDIDATES = 300

export interface Found {
  /** Newest first. */
  ids: string[]
  /** How many jobs were looked at one by one. */
  looked: number
  /** Where to go on: below the last id looked at, or answered; null when everything was looked through and answered. */
  lookedUntil: string | null
}

interface Walk extends Found { wanted: number, most: number, endsAt: number }
const HIGHEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
const LOWEST = '00000000-0000-0000-0000-000000000000'
const TIMED_OUT = '57014'

/** The jobs that fit, from below `before` on, at most `take` behind the first `skip`. */
export async function searchJobs(organizationId: string, condition: JobCondition, { before = HIGHEST, skip = 0, take, most = MOST_LOOKED }: { before?: string, skip?: number, take: number, most?: number }): Promise<Found> {
  if (condition.scans.length === 0) {
    return { ids: await withSearch(organizationId, condition, reader => pickNewest(reader, { before, skip, take })), looked: 0, lookedUntil: null }
  }
  const walk: Walk = { ids: [], looked: 0, lookedUntil: before, wanted: skip + take, most, endsAt: Date.now() + MOST_MS }
  try {
    await withSearch(organizationId, condition, async (reader) => {
      for (const part of condition.needles.length > 0 ? partsOf(await reader.indexedDays()) : newestFirst(before)) {
        if (part.low >= walk.lookedUntil!) continue
        if (part.days.length === 0) await walkThrough(reader, walk, part.low)
        else await walkIndex(reader, walk, part)
        if (walk.lookedUntil! > part.low) return
      }
      walk.lookedUntil = null
    })
  }
  catch (error) {
    // A statement that took too long ends the search where it is; with nothing looked at there is nowhere to go on from.
    if ((error as { code?: string }).code !== TIMED_OUT || walk.lookedUntil === before) throw error
  }
  const isCut = walk.ids.length > walk.wanted
  return { ids: walk.ids.slice(skip, walk.wanted), looked: walk.looked, lookedUntil: isCut ? walk.ids[walk.wanted - 1]! : walk.lookedUntil }
}

/** Which of these jobs fit, newest first. */
export const judgeJobs = (organizationId: string, condition: JobCondition, ids: string[]): Promise<string[]> =>
  withSearch(organizationId, condition, reader => reader.judge(ids.toSorted().reverse()))

/** Most pages end within the newest days, and to plan a statement over all of them takes longer than to run it. */
async function pickNewest(reader: SearchReader, range: { before: string, skip: number, take: number }): Promise<string[]> {
  const newest = await reader.pick({ low: recentFrom(range.before), ...range })
  return newest.length === range.take ? newest : reader.pick({ low: LOWEST, ...range })
}

interface Part { low: string, days: string[] }

/** Without an index: the newest days, then all others. */
const newestFirst = (before: string): Part[] => [{ low: recentFrom(before), days: [] }, { low: LOWEST, days: [] }]

const DAY_MS = 86_400_000
/** The first id of the day before the one an id (or the present) belongs to. */
function recentFrom(id: string): string {
  const at = Math.min(Date.now(), Number.parseInt(id.replace('-', '').slice(0, 12), 16))
  return firstIdAt(Math.max(0, Math.floor(at / DAY_MS) - 1) * DAY_MS)
}

/** All ids, newest first: runs of indexed days, and the stretches between them. A part ends above the one before it. */
function partsOf(days: string[]): Part[] {
  const parts: Part[] = []
  for (const day of days) {
    const [end, low, last] = [firstIdOf(day, 1), firstIdOf(day, 0), parts.at(-1)]
    if (last?.low === end) [last.low, last.days] = [low, [...last.days, day]]
    else parts.push({ low: end, days: [] }, { low, days: [day] })
  }
  return [...parts, { low: LOWEST, days: [] }]
}

function firstIdOf(day: string, later: number): string {
  return firstIdAt(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6)) + later))
}

/** A UUIDv7, since it may become a cursor. */
const firstIdAt = (midnight: number): string => idRange(`${midnight.toString(16).padStart(12, '0')}70008`)[0]

const isOver = (walk: Walk) => walk.ids.length >= walk.wanted || walk.looked >= walk.most || Date.now() >= walk.endsAt

/** Row by row, in steps that grow with the speed they have. */
async function walkThrough(reader: SearchReader, walk: Walk, low: string): Promise<void> {
  for (let rows = Math.min(FIRST_STEP, walk.most); !isOver(walk);) {
    const since = performance.now()
    const take = walk.wanted - walk.ids.length
    const step = await reader.lookThrough({ low, before: walk.lookedUntil!, rows, take })
    walk.ids.push(...step.found)
    if (step.found.length === take) return void (walk.lookedUntil = step.until)
    walk.looked += step.looked
    walk.lookedUntil = step.looked < rows ? low : step.until!
    if (step.looked < rows) return
    const perMs = step.looked / Math.max(1, performance.now() - since)
    rows = Math.round(Math.min(LONGEST_STEP, Math.max(1, walk.most - walk.looked), rows * 8, Math.max(FIRST_STEP, perMs * STEP_MS)))
  }
}

async function walkIndex(reader: SearchReader, walk: Walk, { days, low }: Part): Promise<void> {
  while (!isOver(walk)) {
    const { candidates, fitting } = await reader.lookUp(days, { low, before: walk.lookedUntil!, most: CANDIDATES })
    walk.ids.push(...fitting)
    walk.lookedUntil = candidates.length < CANDIDATES ? low : candidates.at(-1)!
    if (candidates.length < CANDIDATES) return
  }
}
