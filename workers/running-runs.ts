import { openOutput, type OutputPart, type OutputTeller } from '#server/infra/tell-output.ts'
import { openRunLog, type RunLog } from '#server/domain/engine/write-log-lines.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { ClaimedJob } from '#server/domain/engine/store.ts'

/** Why a run is to stop: its time is up, somebody cancelled it, or the worker stops. */
export type StopReason = 'timeout' | 'cancel' | 'drain'

/** One run under way. Times are those of `performance.now()`. */
export interface Run {
  readonly job: ClaimedJob
  /** When its time is up; Infinity until its processor begins. */
  deadline: number
  /** Set once it was asked to stop. */
  stop?: StopReason
  /** When it is ended by force. */
  forceAt: number
  /** Ended for us: what its processor still says is not heard. */
  over: boolean
  /** Made when the run first logs something, or asks for its signal. */
  lines?: RunLog
  output?: OutputTeller
  controller?: AbortController
  /** Passes the wish to stop on to the processor. */
  abort(reason: string): void
  /** Ends it whatever the processor does. */
  force(outcome: Outcome): void
}

/** How long a processor has to stop by itself. With a heartbeat before and a sweep after it, a cancel takes less than two seconds. */
const GRACE_MS = 750
const SWEEP_MS = 50

const WORDS: Record<StopReason, string> = { timeout: 'The time of the job is up.', cancel: 'Cancelled on request.', drain: 'The worker stops.' }

const nothing = () => {}
const runs = new Set<Run>()
let sweeper: NodeJS.Timeout | undefined

/** A run that has not begun; `start` gives it its time. */
export function openRun(job: ClaimedJob): Run {
  const run: Run = { job, deadline: Infinity, forceAt: Infinity, over: false, stop: undefined, lines: undefined, output: undefined, controller: undefined, abort: nothing, force: nothing }
  runs.add(run)
  // One clock for all runs, where a timer for each would cost more than many a job.
  sweeper ??= setInterval(sweep, SWEEP_MS).unref()
  return run
}

export function startClock(run: Run): void {
  run.deadline = performance.now() + run.job.timeoutSeconds * 1000
}

/** Keeps a line of a run; what it says after its end is not kept. */
export function logLine(run: Run, text: string): void {
  if (!run.over) (run.lines ??= openRunLog(run.job)).add(text)
}

/** Tells what a run prints; what it prints after its end is not told. */
export function printPart(run: Run, part: OutputPart): void {
  const { id: jobId, organizationId, run: number } = run.job
  if (!run.over) (run.output ??= openOutput({ jobId, organizationId, run: number })).add(part)
}

export function closeRun(run: Run): void {
  run.over = true
  runs.delete(run)
}

/** Asks a run to stop; after a grace period it is ended by force. The first reason stands. */
export function stopRun(run: Run, reason: StopReason): void {
  if (run.stop) return
  run.stop = reason
  run.forceAt = performance.now() + GRACE_MS
  run.abort(WORDS[reason])
}

/** Stops the runs of these jobs; ids that are not here are somebody else's. */
export function cancelRuns(ids: string[]): void {
  if (runs.size === 0) return
  const wanted = new Set(ids)
  for (const run of runs) if (wanted.has(run.job.id)) stopRun(run, 'cancel')
}

/** Stops every run, to be handed back. */
export function stopAllRuns(): void {
  for (const run of runs) stopRun(run, 'drain')
}

export const runningCount = (): number => runs.size
export const runningIds = (limit: number): string[] => [...runs].slice(0, limit).map(run => run.job.id)

/**
 * What a run's answer means once it was asked to stop. Work that was done all the same counts, except after its time;
 * anything else is what the stop makes of it.
 */
export function outcomeOf(run: Run, answer: Outcome): Outcome {
  if (!run.stop || (answer.kind === 'ok' && run.stop !== 'timeout')) return answer
  return outcomeOfStop(run)
}

function outcomeOfStop({ stop, job }: Run): Outcome {
  if (stop === 'cancel') return { kind: 'cancel', reason: WORDS.cancel }
  if (stop === 'drain') return { kind: 'hand-back' }
  return { kind: 'fail', error: `The job ran longer than its timeout of ${job.timeoutSeconds} s.` }
}

function sweep(): void {
  const now = performance.now()
  for (const run of runs) {
    if (now >= run.forceAt) {
      run.forceAt = Infinity
      run.force(outcomeOfStop(run))
    }
    else if (now >= run.deadline) stopRun(run, 'timeout')
  }
}
