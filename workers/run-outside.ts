import { progressReporter } from '#server/domain/engine/report-progress.ts'
import { logLine, startClock, type Run } from './running-runs.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { JobType } from '#shared/job-types.ts'
import type { OutsidePool } from './outside/pool.ts'

export interface OutsideWork { type: JobType, payload: unknown, pool: OutsidePool }

/** Runs the processor of a type in a thread or child process. Never rejects. */
export function runOutside(run: Run, { type, payload, pool }: OutsideWork): Promise<Outcome> {
  const { job } = run
  const report = progressReporter(job)
  const outside = pool.run({
    type, payload, run: job.run, failures: job.failures,
    onStart: () => startClock(run),
    log: text => logLine(run, text),
    progress: (share) => {
      if (!run.over) report(share)
    },
  })
  run.abort = outside.abort
  run.force = outside.force
  return outside.outcome
}
