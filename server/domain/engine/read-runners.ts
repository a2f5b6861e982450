import { logger } from '#server/infra/logger.ts'
import { runnerRows, type RunnerRow } from '#server/domain/engine/worker-rows.ts'
import { RunnerDocument } from '#shared/schemas/code.ts'

/** A living code worker. */
export interface LivingRunner {
  workerId: string
  name: string
  /** What it proved and found; null while it is still at it. */
  runner: RunnerDocument | null
  /** It has a proof and takes jobs. One that drains has the first and does not do the second. */
  takes: boolean
}

const FRESH_MS = 1000
let known: { at: number, runners: Promise<LivingRunner[]> } | undefined

/**
 * The living code workers, oldest first; at most a second old. Empty: there is none. Throws when the database is away.
 */
export function readRunners(): Promise<LivingRunner[]> {
  const now = performance.now()
  if (known && now - known.at < FRESH_MS) return known.runners
  const runners = runnerRows('code-execution').then(rows => rows.map(toRunner))
  const asked = known = { at: now, runners }
  // What failed is asked again by the next caller.
  runners.catch(() => { if (known === asked) known = undefined })
  return runners
}

/** The row is written by the process with the least rights there is: what does not fit is no proof. */
function toRunner({ id, name, status, draining, runner }: RunnerRow): LivingRunner {
  const parsed = runner === null ? undefined : RunnerDocument.safeParse(runner)
  if (parsed && !parsed.success) logger().warn({ worker: id, issues: parsed.error.issues.slice(0, 3) }, 'a code worker says something of itself that cannot be read')
  const document = parsed?.data ?? null
  return { workerId: id, name, runner: document, takes: document?.ok === true && status === 'running' && !draining }
}
