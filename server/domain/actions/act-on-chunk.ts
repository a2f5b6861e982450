/** What an action does to the jobs whose turn has come: who is left alone and why, and the engine's change for the rest. */
import type pg from 'pg'
import { cancelWithin } from '#server/domain/engine/cancel-jobs.ts'
import { changePriorityWithin } from '#server/domain/engine/change-priority.ts'
import type { Changed } from '#server/domain/engine/change-jobs.ts'
import type { LockedJob } from '#server/domain/engine/lock-jobs.ts'
import { moveWithin } from '#server/domain/engine/move-jobs.ts'
import { deleteWithin } from '#server/domain/engine/purge-failed.ts'
import { restoreWithin, type WaitedAs } from '#server/domain/engine/restore-jobs.ts'
import { retryWithin } from '#server/domain/engine/retry-jobs.ts'
import type { Before, HeldAction } from '#server/domain/actions/store.ts'
import { isOfEnded, isWaiting, STATES_OF_ACTION, type JobActionName, type SkipReason } from '#shared/job-actions.ts'

/** A job of the chunk: as it is now (undefined: gone), whether it still fits the filter, and what an action to take back did to it. */
export interface Turn { id: string, job: LockedJob | undefined, fits: boolean, before: Before | null, at: Date | null }
/** Ids the engine changed. */
type Done = ReadonlySet<string>

/** Why a job is left alone; null when its turn has come. */
export function whyLeftAlone(action: HeldAction, turn: Turn): SkipReason | null {
  const { job } = turn
  if (job === undefined) return 'gone'
  if (action.action === 'undo') return whyNotTakenBack(action, turn, job)
  if (!turn.fits || !STATES_OF_ACTION[action.action].includes(job.state)) return 'changed'
  // It ran and ended once more since the action was asked for: what was seen then is over.
  if (isOfEnded(action.action) && job.completed_at !== null && job.completed_at > action.created_at) return 'changed'
  if (action.action === 'priority' && job.priority === action.priority) return 'same'
  return action.action === 'move' && job.queue_name === action.queue_name ? 'same' : null
}

/** Only what is still as the action left it is taken back. */
function whyNotTakenBack({ undone }: HeldAction, { before, at }: Turn, job: LockedJob): SkipReason | null {
  if (before === null || undone === null) return 'changed'
  const hasBegun = job.run > before.run || job.state === 'running' || (undone.action === 'cancel' && !isWaiting(before.state))
  if (hasBegun) return 'begun'
  return IS_AS_LEFT[undone.action](job, undone, at) ? null : 'changed'
}

const IS_AS_LEFT: Record<JobActionName, (job: LockedJob, undone: NonNullable<HeldAction['undone']>, at: Date | null) => boolean> = {
  // The cancel wrote both times in one transaction: another one means that somebody else ended the job since.
  cancel: (job, _, at) => job.state === 'cancelled' && job.completed_at?.getTime() === at?.getTime(),
  retry: job => job.state === 'pending',
  priority: (job, undone) => isWaiting(job.state) && job.priority === undone.priority,
  move: (job, undone) => isWaiting(job.state) && job.queue_name === undone.queue_name,
  purge: () => false,
}

interface Chunk { db: pg.PoolClient, action: HeldAction, turns: Turn[] }
type Act = (chunk: Chunk) => Promise<Changed<Done>>

const changeOf = ({ action, turns }: Chunk) => ({
  organizationId: action.organization_id, ids: turns.map(turn => turn.id), actor: action.actor, reason: action.reason ?? undefined, actionId: action.id,
})

async function cancel(chunk: Chunk): Promise<Changed<Done>> {
  const { result, after } = await cancelWithin(chunk.db, changeOf(chunk))
  return { result: new Set([...result].filter(([, outcome]) => outcome === 'cancelled' || outcome === 'cancelling').map(([id]) => id)), after }
}

async function setPriorities(chunk: Chunk, priorities: number[]): Promise<Changed<Done>> {
  const { result, after } = await changePriorityWithin(chunk.db, { ...changeOf(chunk), priorities })
  return { result: new Set(result.keys()), after }
}

const ACTS: Record<JobActionName, Act> = {
  retry: chunk => retryWithin(chunk.db, changeOf(chunk)),
  cancel,
  purge: async chunk => ({ result: await deleteWithin(chunk.db, changeOf(chunk)), after: () => {} }),
  priority: chunk => setPriorities(chunk, chunk.turns.map(() => chunk.action.priority!)),
  move: chunk => moveWithin(chunk.db, { ...changeOf(chunk), queueNames: chunk.turns.map(() => chunk.action.queue_name!) }),
}

/** How each is taken back. A retry that has not begun ends cancelled: its job had ended, and does not run. */
const UNDOES: Partial<Record<JobActionName, Act>> = {
  retry: cancel,
  cancel: chunk => restoreWithin(chunk.db, { ...changeOf(chunk), waited: chunk.turns.map(({ before }) => ({ state: before!.state, dueAt: before!.due_at }) as WaitedAs) }),
  priority: chunk => setPriorities(chunk, chunk.turns.map(({ before }) => before!.priority)),
  move: chunk => moveWithin(chunk.db, { ...changeOf(chunk), queueNames: chunk.turns.map(({ before }) => before!.queue_name) }),
}

/** Changes locked jobs (in the order of their ids), as a part of the chunk's transaction; answers which it changed. */
export function actOn(chunk: Chunk): Promise<Changed<Done>> {
  const { action, undone } = chunk.action
  const act = action === 'undo' ? undone && UNDOES[undone.action] : ACTS[action]
  if (!act) throw new Error(`The action ${chunk.action.id} has nothing to take back.`)
  return act(chunk)
}

/** How a job was before, as its item keeps it. */
export const beforeOf = (job: LockedJob): Before => ({
  state: job.state, queue_name: job.queue_name, priority: job.priority, run: job.run, due_at: job.due_at?.toISOString() ?? null,
})
