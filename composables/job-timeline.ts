import { isFinal, type JobState } from '#shared/job-states.ts'
import type { Attempt, AttemptOutcome } from '#shared/schemas/event.ts'
import type { Job } from '#shared/schemas/job.ts'

export type PartTone = 'planned' | 'waited' | 'retry' | 'running' | 'completed' | 'failed' | 'stopped'
/** A stretch of a job's life; `ms` grows while `isOpen`. */
export interface TimelinePart { name: 'Planned' | 'Waited' | 'Ran', tone: PartTone, ms: number, isOpen: boolean }

type Timed = Pick<Job, 'state' | 'attempt' | 'created_at' | 'scheduled_at' | 'started_at' | 'completed_at'>
interface Run { from: number, to: number | null, tone: PartTone }
interface Stretch extends Omit<TimelinePart, 'ms'> { from: number, to: number }

const TONES: Record<AttemptOutcome, PartTone> = {
  running: 'running', completed: 'completed', failed: 'failed', crashed: 'failed', lost: 'failed', cancelled: 'stopped', snoozed: 'stopped', handed_back: 'stopped',
}
const END_TONES: Partial<Record<JobState, PartTone>> = { running: 'running', completed: 'completed', failed: 'failed', retrying: 'failed' }

/** The runs in order; the job itself tells of the last one when the attempts do not know it yet. */
function runsOf(job: Timed, attempts: readonly Attempt[]): Run[] {
  const known = attempts.filter(attempt => attempt.started_at !== null).sort((one, other) => one.run - other.run)
  const runs = known.map(attempt => ({ from: Date.parse(attempt.started_at!), to: attempt.finished_at ? Date.parse(attempt.finished_at) : null, tone: TONES[attempt.outcome] }))
  if (job.started_at === null || (known.at(-1)?.run ?? 0) >= job.attempt) return runs
  return [...runs, { from: Date.parse(job.started_at), to: job.completed_at ? Date.parse(job.completed_at) : null, tone: END_TONES[job.state] ?? 'stopped' }]
}

/** What happened, as stretches of time. `now` (server ms) ends what still goes on; `attempts` in any order, some or none. */
export function timelineParts(job: Timed, now: number, attempts: readonly Attempt[] = []): TimelinePart[] {
  const created = Date.parse(job.created_at)
  const due = Math.max(created, Date.parse(job.scheduled_at ?? job.created_at))
  const runs = runsOf(job, attempts)
  const over = job.completed_at ? Date.parse(job.completed_at) : now
  const planned = Math.min(due, runs[0]?.from ?? over)
  const stretches: Stretch[] = [
    { name: 'Planned', tone: 'planned', isOpen: job.state === 'scheduled' && runs.length === 0, from: created, to: planned },
    ...runStretches(runs, { from: planned, over, isRunning: job.state === 'running' }),
  ]
  const end = stretches.at(-1)?.to ?? planned
  if (job.state !== 'running') stretches.push({ name: 'Waited', tone: waitTone(runs.at(-1)), isOpen: !isFinal(job.state), from: end, to: over })
  return stretches.filter(({ from, to, name }) => to > from || name === 'Ran').map(({ from, to, ...part }) => ({ ...part, ms: Math.max(0, to - from) }))
}

/** Each run with the wait before it. */
function runStretches(runs: Run[], { from, over, isRunning }: { from: number, over: number, isRunning: boolean }): Stretch[] {
  let at = from
  return runs.flatMap((run, index): Stretch[] => {
    const wait: Stretch = { name: 'Waited', tone: waitTone(runs[index - 1]), isOpen: false, from: at, to: run.from }
    at = run.to ?? over
    return [wait, { name: 'Ran', tone: run.tone, isOpen: run.to === null && isRunning, from: run.from, to: at }]
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
