/** What an operator's changes of jobs have in common: each is one statement, alone or as a part of a transaction, and is told when it holds. */
import type pg from 'pg'
import { retryDeadlock } from '#server/domain/engine/retry-deadlock.ts'
import { tellChanges } from '#server/domain/engine/tell-changes.ts'
import { wakeDispatcher } from '#server/domain/engine/wake-dispatcher.ts'
import type { ChangedJob } from '#server/domain/engine/store.ts'

/** A pool, or the connection of a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>

/** Which jobs, who does it and why. `actionId`: the action on many jobs this belongs to; their timelines point at it. */
export interface Change { organizationId: string, ids: string[], actor: string, reason?: string, actionId?: string }

/** `after` tells what follows from the change (freed keys, hints, the live bus). Best effort: what is lost with a crash is healed by the control loops. */
export interface Changed<T> { result: T, after: () => Promise<void> | void }

export const nothing = <T>(result: T): Changed<T> => ({ result, after: () => {} })

/** Makes a change that is a transaction of its own, and tells it. */
export async function settle<T>(work: () => Promise<Changed<T>>): Promise<T> {
  const { result, after } = await retryDeadlock(work)
  await after()
  return result
}

/** Details of the event on a job's timeline. */
export const detailsOf = (actionId: string | undefined, more: Record<string, unknown> = {}): string | null =>
  actionId === undefined && Object.keys(more).length === 0 ? null : JSON.stringify({ ...more, ...(actionId !== undefined && { action_id: actionId }) })

/** Jobs came into the waiting room. */
export function tellWaiting(rows: ChangedJob[]): void {
  if (rows.length === 0) return
  tellChanges(rows)
  wakeDispatcher()
}
