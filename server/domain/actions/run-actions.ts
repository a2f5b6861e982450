/** The runner of actions: many small steps with a breath between, so that a million jobs keep nobody waiting. */
import { logger } from '#server/infra/logger.ts'
import { giveUpNext, runChunk } from '#server/domain/actions/run-chunk.ts'
import { activeIds, forgetItems } from '#server/domain/actions/store.ts'
import { ITEMS_KEPT_DAYS } from '#shared/job-actions.ts'

const CHUNK = 500
/** A round ends well before the lease of the loop does. */
const ROUND_MS = 1000
const LEAST_BREATH_MS = 10
/** After a step an action rests for this part of the time the step took. */
const REST = 0.15
/** A single job is tried so often before it is given up. */
const TRIES = 3
const FORGET_AT_ONCE = 5000

/** When an action may go on, how many jobs it takes at a time, and how often the next one could not be changed. What is lost with the process is begun anew. */
interface Pace { nextAt: number, size: number, failures: number }
const paces = new Map<string, Pace>()

/** A round over all actions that are not over, the one that waits longest first. Each takes steps of its own, at its own pace. */
export async function runActions(): Promise<void> {
  const ids = await activeIds()
  for (const id of paces.keys()) if (!ids.includes(id)) paces.delete(id)
  const end = Date.now() + ROUND_MS
  const due = ids.map(id => ({ id, pace: paceOf(id) })).filter(({ pace }) => pace.nextAt <= Date.now()).sort((one, other) => one.pace.nextAt - other.pace.nextAt)
  for (const { id, pace } of due) {
    if (Date.now() > end) return
    await takeStep(id, pace)
  }
}

function paceOf(id: string): Pace {
  const pace = paces.get(id) ?? { nextAt: 0, size: CHUNK, failures: 0 }
  paces.set(id, pace)
  return pace
}

/** Milliseconds until an action may go on; `idleMs` when there is none. */
export function untilNextStep(idleMs: number): number {
  const next = Math.min(...[...paces.values()].map(pace => pace.nextAt))
  return Math.min(idleMs, Math.max(LEAST_BREATH_MS, next - Date.now()))
}

/** After a step an action rests for a part of the time the step took, and as its rate demands. */
async function takeStep(id: string, pace: Pace): Promise<void> {
  const begin = Date.now()
  try {
    const step = await runChunk(id, pace.size)
    const took = Date.now() - begin
    pace.nextAt = Date.now() + Math.max(LEAST_BREATH_MS, took * REST, step === null ? 0 : step.acted / step.rate * 1000 - took)
    if (step === null) return
    pace.failures = 0
    pace.size = Math.min(CHUNK, pace.size * 2)
    await step.after()
  }
  catch (error) {
    await slowDown(id, pace, error as Error & { code?: string })
  }
}

const isAway = (code: string | undefined) => code === undefined || /^(08|57P|53)/.test(code)

/** A step that cannot be done is tried with fewer jobs, down to the one that does not let itself be changed. */
async function slowDown(id: string, pace: Pace, error: Error & { code?: string }): Promise<void> {
  pace.nextAt = Date.now() + 200
  if (isAway(error.code)) throw error
  logger().warn({ action: id, jobs: pace.size, error: error.message }, 'a step of an action was refused; it is tried with fewer jobs')
  if (pace.size > 1) {
    pace.size = Math.ceil(pace.size / 4)
    return
  }
  if (++pace.failures < TRIES) return
  pace.failures = 0
  await giveUpNext(id, error.message)
}

/** Forgets what became of the jobs of old actions. */
export async function forgetOldItems(): Promise<void> {
  for (let forgotten: number | null = 0; forgotten !== null;) forgotten = await forgetItems(ITEMS_KEPT_DAYS, FORGET_AT_ONCE)
}
