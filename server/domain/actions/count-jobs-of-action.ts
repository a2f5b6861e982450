import { matchJobs } from '#server/domain/actions/match-jobs.ts'
import { countMatches, findStates, LOWEST_ID } from '#server/domain/actions/store.ts'
import { STATES_OF_ACTION, type JobActionName } from '#shared/job-actions.ts'
import type { JobActionFilter } from '#shared/schemas/action.ts'
import type { JobState } from '#shared/job-states.ts'

/** Jobs that one statement looks at: short, whatever the filter is. */
const PAGE = 50_000
/** The same for the runs of an error group: each of their jobs is looked up. */
const PAGE_OF_RUNS = 10_000
const SAMPLE = 10
/** Up to so many jobs are written down with the action itself, exactly as they were counted. */
export const KNOWN_AT_ONCE = 2000

export interface Counted {
  /** Jobs the action would change. */
  matched: number
  /** False: at least so many; there was no time to look at the rest. */
  isExact: boolean
  /** Jobs that match but whose state the action does not change. */
  untouched: number
  /** All of them when there are at most KNOWN_AT_ONCE (or they were named), else undefined; in order. */
  ids?: string[]
  /** Some of the newest. */
  sample: string[]
}
export interface CountTask { organizationId: string, action: JobActionName, filter?: JobActionFilter, ids?: string[], below: string, budgetMs: number }

/** Counts the jobs an action would change, of those with an id below `below`, page by page until `budgetMs` are used up. Throws VALIDATION_ERROR. */
export async function countJobsOfAction(task: CountTask): Promise<Counted> {
  return task.ids === undefined ? countByFilter(task) : countNamed(task, task.ids)
}

async function countByFilter({ organizationId, action, filter, below, budgetMs }: CountTask): Promise<Counted> {
  const now = Date.now()
  const condition = matchJobs(filter ?? {}, now)
  const size = condition(1).runs === null ? PAGE : PAGE_OF_RUNS
  const counted = { matched: 0, untouched: 0, ids: [] as string[], sample: [] as string[] }
  for (let after: string | null = LOWEST_ID; after !== null;) {
    if (Date.now() - now > budgetMs) return { ...counted, isExact: false, ids: undefined }
    const page = await countMatches(organizationId, { condition, states: STATES_OF_ACTION[action], after, below, size, ids: KNOWN_AT_ONCE + 1, sample: SAMPLE })
    counted.matched += page.matched
    counted.untouched += page.untouched
    counted.sample = [...page.sample, ...counted.sample].slice(0, SAMPLE)
    if (counted.ids.length <= KNOWN_AT_ONCE) counted.ids.push(...page.ids)
    after = page.looked < size ? null : page.last
  }
  return { ...counted, isExact: true, ids: counted.matched <= KNOWN_AT_ONCE ? counted.ids : undefined }
}

async function countNamed({ organizationId, action }: CountTask, named: string[]): Promise<Counted> {
  const found = await findStates(organizationId, [...new Set(named)])
  const ids = found.filter(row => STATES_OF_ACTION[action].includes(row.state as JobState)).map(row => row.id)
  return { matched: ids.length, isExact: true, untouched: found.length - ids.length, ids, sample: ids.slice(-SAMPLE).reverse() }
}
