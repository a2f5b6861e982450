import type { JobState } from './job-states.ts'

/** What can be done to many jobs at once. */
export const JOB_ACTIONS = ['retry', 'cancel', 'purge', 'priority', 'move'] as const
export type JobActionName = (typeof JOB_ACTIONS)[number]

const WAITING = ['scheduled', 'blocked', 'pending', 'retrying'] as const satisfies JobState[]
/** The states an action changes; jobs in other states stay as they are. */
export const STATES_OF_ACTION: Record<JobActionName, readonly JobState[]> = {
  retry: ['failed', 'cancelled', 'expired'],
  cancel: [...WAITING, 'running'],
  purge: ['completed', 'failed', 'cancelled', 'expired'],
  priority: WAITING,
  move: WAITING,
}
/** Waits for its time, its turn or a key: nothing of it runs. */
export const isWaiting = (state: JobState): state is (typeof WAITING)[number] => (WAITING as readonly JobState[]).includes(state)

/** Changes jobs that have ended. One that ended anew since the action was asked for was not among those that were counted. */
export const isOfEnded = (action: JobActionName | 'undo'): boolean => action === 'retry' || action === 'purge'

/** Most jobs that one action names by their ids. */
export const ACTION_IDS_MAX = 10_000
/** A cancel of more jobs than this has to be confirmed with their number; a purge always. */
export const CONFIRM_CANCEL_ABOVE = 100
export const needsConfirm = (action: JobActionName, matched: number): boolean => action === 'purge' || (action === 'cancel' && matched > CONFIRM_CANCEL_ABOVE)

/** Jobs per second, unless the action says otherwise, and at most. */
export const ACTION_RATE = { default: 2000, max: 10_000 }
/** How long an action can be taken back after it ended. */
export const UNDO_WITHIN_MS = 3_600_000
/** How long it is known what became of each job of an action. */
export const ITEMS_KEPT_DAYS = 7

export const JOB_ACTION_STATES = ['gathering', 'running', 'completed', 'aborted'] as const
export type JobActionState = (typeof JOB_ACTION_STATES)[number]

/**
 * Why a job of an action stayed as it is. `changed`: it no longer matched when its turn came; `gone`: it is not there any
 * more (or never was); `asked`: it runs and had been told to stop before; `same`: it had that priority, or was in that
 * queue; `begun`: it has begun since, so that nothing can be taken back.
 */
export const SKIP_REASONS = ['changed', 'gone', 'asked', 'same', 'begun'] as const
export type SkipReason = (typeof SKIP_REASONS)[number]
