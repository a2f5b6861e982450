import { ruleOf, type JobType } from '#shared/job-types.ts'

/** Most ids of one envelope. */
const MAX = 100
/** How much work an envelope may hold, in milliseconds of its handler: it is the unit of stall and of waiting behind others. */
const WORK_MS = 50
/** What a handler is taken to need while nothing was measured. Inline jobs of an envelope run at the same time, so that a guess costs little. */
export const UNMEASURED_MS = 0.5

/** How many job ids travel together, by the measured handler time of their type: 100 for instant work, 1 from 50 ms on. */
export function envelopeSize(type: JobType, handlerMs: number | undefined): number {
  const { slots, travelsAlone } = ruleOf(type)
  if (travelsAlone) return 1
  const byTime = Math.floor(WORK_MS / Math.max(handlerMs ?? UNMEASURED_MS, 0.01))
  return Math.max(1, Math.min(MAX, slots, byTime))
}
