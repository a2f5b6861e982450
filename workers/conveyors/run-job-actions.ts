import { setTimeout as sleep } from 'node:timers/promises'
import { forgetOldItems, runActions, untilNextStep } from '#server/domain/actions/run-actions.ts'
import type { ControlLoop } from '#server/domain/engine/control-loops.ts'

/** Actions on many jobs, step by step; looks for new ones twice a second. */
export const runJobActionsLoop: ControlLoop = {
  name: 'job-actions', everyMs: 500, tick: runActions,
  pause: (milliseconds, signal) => sleep(untilNextStep(milliseconds), undefined, { signal }).catch(() => {}),
}

/** A chore of every minute. */
export const forgetActionItemsLoop: ControlLoop = { name: 'forget-action-items', everyMs: 60_000, tick: forgetOldItems }
