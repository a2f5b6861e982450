import { isFinal, type JobState } from '#shared/job-states.ts'
import type { Attempt, AttemptOutcome } from '#shared/schemas/event.ts'
import type { Job } from '#shared/schemas/job.ts'

export type PartTone = 'planned' | 'waited' | 'retry' | 'running' | 'completed' | 'failed' | 'stopped'
/** A stretch of a job's life, from and to in ms of the epoch; `ms` grows while `isOpen`. `run`: which one it was, of a run. */
export interface TimelinePart { name: 'Planned' | 'Waited' | 'Ran' | 'Earlier runs', tone: PartTone, ms: number, isOpen: boolean, from: number, to: number, run?: number }

type Timed = Pick<Job, 'state' | 'attempt' | 'created_at' | 'scheduled_at' | 'started_at' | 'completed_at'>
interface Run { run: number, from: number, to: number | null, tone: PartTone }
type Stretch = Omit<TimelinePart, 'ms'>

const TONES: Record<AttemptOutcome, PartTone> = {
  running: 'running', completed: 'completed', failed: 'failed', crashed: 'failed', lost: 'failed', cancelled: 'stopped', snoozed: 'stopped', handed_back: 'stopped',
}
const END_TONES: Partial<Record<JobState, PartTone>> = { running: 'running', completed: 'completed', failed: 'failed', retrying: 'failed' }

/** The runs in order; the job itself tells of the last one when the attempts do not know it yet. */
function runsOf(job: Timed, attempts: readonly Attempt[]): Run[] {
  const known = attempts.filter(attempt => attempt.started_at !== null).sort((one, other) => one.run - other.run)
  const runs = known.map(attempt => ({ run: attempt.run, from: Date.parse(attempt.started_at!), to: attempt.finished_at ? Date.parse(attempt.finished_at) : null, tone: TONES[attempt.outcome] }))
  if (job.started_at === null || (known.at(-1)?.run ?? 0) >= job.attempt) return runs
  return [...runs, { run: job.attempt, from: Date.parse(job.started_at), to: job.completed_at ? Date.parse(job.completed_at) : null, tone: END_TONES[job.state] ?? 'stopped' }]
}

/** What happened, as stretches of time. `now` (server ms) ends what still goes on; `attempts` in any order, some or none. */
export function timelineParts(job: Timed, now: number, attempts: readonly Attempt[] = []): TimelinePart[] {
  const created = Date.parse(job.created_at)
  const due = Math.max(created, Date.parse(job.scheduled_at ?? job.created_at))
  const runs = runsOf(job, attempts)
  const over = job.completed_at ? Date.parse(job.completed_at) : now
  const first = runs[0]
  // Of a job with very many runs only the newest ones are known.
  const before: Stretch = first !== undefined && first.run > 1
    ? { name: 'Earlier runs', tone: 'stopped', isOpen: false, from: created, to: first.from }
    : { name: 'Planned', tone: 'planned', isOpen: job.state === 'scheduled' && runs.length === 0, from: created, to: Math.min(due, first?.from ?? over) }
  const stretches: Stretch[] = [before, ...runStretches(runs, { from: before.to, over, isRunning: job.state === 'running' })]
  const end = stretches.at(-1)?.to ?? before.to
  if (job.state !== 'running') stretches.push({ name: 'Waited', tone: waitTone(runs.at(-1)), isOpen: !isFinal(job.state), from: end, to: over })
  return stretches.filter(({ from, to, name }) => to > from || name === 'Ran').map(part => ({ ...part, ms: Math.max(0, part.to - part.from) }))
}

/** Each run with the wait before it. */
function runStretches(runs: Run[], { from, over, isRunning }: { from: number, over: number, isRunning: boolean }): Stretch[] {
  let at = from
  return runs.flatMap((run, index): Stretch[] => {
    const wait: Stretch = { name: 'Waited', tone: waitTone(runs[index - 1]), isOpen: false, from: at, to: run.from }
    at = run.to ?? over
    return [wait, { name: 'Ran', tone: run.tone, isOpen: run.to === null && isRunning, from: run.from, to: at, run: run.run }]
  })
}

const waitTone = (before: Run | undefined): PartTone => (before?.tone === 'failed' ? 'retry' : 'waited')

/** The parts summed up by what they were: "Waited 3 s", "Ran 12 s". */
export function timelineTotals(parts: readonly TimelinePart[]): TimelinePart[] {
  const totals = new Map<string, TimelinePart>()
  for (const part of parts) {
    const before = totals.get(part.name)
    totals.set(part.name, { ...part, ms: part.ms + (before?.ms ?? 0), isOpen: part.isOpen || before?.isOpen === true })
  }
  return [...totals.values()]
}

/** Narrower than this a stretch cannot be pointed at. */
const LEAST_SHARE = 0.006

/**
 * How wide each part is drawn, as shares that add up to 1, and whether that is to scale. Even by duration, no part narrower
 * than can be pointed at; with `isLog` by its logarithm, so that runs of milliseconds show beside waits of days.
 */
export function timelineShares(parts: readonly TimelinePart[], isLog = false): { shares: number[], isToScale: boolean } {
  const weights = parts.map(part => (isLog ? Math.log10(1 + part.ms) + 0.3 : Math.max(part.ms, 0)))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return { shares: parts.map(() => 1 / parts.length), isToScale: true }
  const least = Math.min(LEAST_SHARE, 0.5 / parts.length)
  const widened = weights.map(weight => Math.max(weight / total, least))
  const sum = widened.reduce((all, share) => all + share, 0)
  return { shares: widened.map(share => share / sum), isToScale: !isLog && weights.every(weight => weight / total >= least) }
}
