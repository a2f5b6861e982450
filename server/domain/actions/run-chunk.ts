/** One step of an action, as one short transaction: what it did, what became of each job and how far it is hold together, so that a crash at any moment repeats and loses nothing. */
import type pg from 'pg'
import { lockJobs } from '#server/domain/engine/lock-jobs.ts'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { actOn, beforeOf, whyLeftAlone, type Turn } from '#server/domain/actions/act-on-chunk.ts'
import { fitting, gatherDone, gatherMatches, nextItems, saveGathered, saveSettled, type NextItem, type SettledItem } from '#server/domain/actions/chunk-rows.ts'
import { matchJobs } from '#server/domain/actions/match-jobs.ts'
import { onAction, type HeldAction } from '#server/domain/actions/store.ts'
import { isOfEnded, STATES_OF_ACTION, type JobActionName } from '#shared/job-actions.ts'

/** Jobs that one step looks at while they are gathered. */
const GATHER = 10_000
const nothingFollows = () => {}

/** What a step did: how many jobs had their turn, and what follows from it. */
export interface Step { acted: number, rate: number, after: () => Promise<void> | void }

/**
 * Takes the next step of an action: gathers some of its jobs, or changes at most `size` of them. Null when it is over or
 * another process has it. Throws when the database refuses; nothing of the step was done then.
 */
export async function runChunk(id: string, size: number): Promise<Step | null> {
  return retryDeadlock(() => onAction(id, (db, action) => (action.state === 'gathering' ? gather(db, action) : act(db, action, Math.min(sizeFor(action, size), action.rate)))))
}

/** Nobody but an operator waits for a cancelled job: those that come back are taken in larger steps. */
const sizeFor = ({ undone }: HeldAction, size: number) => (undone?.action === 'cancel' && size > 1 ? size * 4 : size)

async function gather(db: pg.PoolClient, action: HeldAction): Promise<Step> {
  const page = action.undoes === null ? await gatherMatches(db, action, matchOf(action, action.action as JobActionName)) : await gatherDone(db, action, GATHER)
  await saveGathered(db, action, { page, isLast: page.looked < GATHER })
  return { acted: 0, rate: action.rate, after: nothingFollows }
}

/** A job that has ended does not change: one that changed since the action was asked for was not among those that were counted. */
function matchOf({ filter, created_at: createdAt }: HeldAction, action: JobActionName) {
  return { condition: matchJobs(filter ?? {}, createdAt.getTime()), states: STATES_OF_ACTION[action], unchangedSince: isOfEnded(action) ? createdAt : null, size: GATHER }
}

async function act(db: pg.PoolClient, action: HeldAction, size: number): Promise<Step> {
  const items = await nextItems(db, action, size)
  const { settled, after } = items.length > 0 ? await settle(db, action, items) : { settled: [], after: nothingFollows }
  await saveSettled(db, action, { items: settled, isLast: items.length < size })
  return { acted: items.length, rate: action.rate, after }
}

async function settle(db: pg.PoolClient, action: HeldAction, items: NextItem[]): Promise<{ settled: SettledItem[], after: Step['after'] }> {
  const turns = await turnsOf(db, action, items)
  const skipped = new Map(turns.map(turn => [turn.id, whyLeftAlone(action, turn)]))
  const { result: done, after } = await actOn({ db, action, turns: turns.filter(turn => skipped.get(turn.id) === null) })
  const settled = turns.map(({ id, job }): SettledItem => {
    if (done.has(id)) return { jobId: id, outcome: 'done', reason: null, before: beforeOf(job!) }
    // Locked and fit, and still not changed: it runs and had been told to stop before.
    return { jobId: id, outcome: 'skipped', reason: skipped.get(id) ?? (job?.state === 'running' ? 'asked' : 'changed'), before: job ? beforeOf(job) : null }
  })
  return { settled, after }
}

/** The jobs of the chunk, locked; those of a filter are asked again whether they fit. */
async function turnsOf(db: pg.PoolClient, action: HeldAction, items: NextItem[]): Promise<Turn[]> {
  const ids = items.map(item => item.job_id)
  const jobs = new Map((await lockJobs(db, action.organization_id, ids)).map(job => [job.id, job]))
  const fits = action.filter === null ? null : await fitting(db, action.organization_id, { ids, condition: matchJobs(action.filter, action.created_at.getTime()) })
  return items.map(({ job_id: id, before, at }) => ({ id, job: jobs.get(id), fits: fits === null || fits.has(id), before, at }))
}

/** Gives up the next job of an action, which cannot be changed, and says why; the others go on. */
export async function giveUpNext(id: string, error: string): Promise<void> {
  await onAction(id, async (db, action) => {
    const [item] = await nextItems(db, action, 1)
    if (!item) return
    await saveSettled(db, action, { items: [{ jobId: item.job_id, outcome: 'failed', reason: error.slice(0, 500), before: null }], isLast: false, error: error.slice(0, 500) })
  })
}
