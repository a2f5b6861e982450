import type { Job } from '#shared/schemas/job.ts'

export interface TimelinePart { name: string, kind: 'planned' | 'waited' | 'ran' | 'retry', ms: number, isOpen: boolean }
export interface TimelinePoint { name: string, at: string }

type Timed = Pick<Job, 'state' | 'attempt' | 'created_at' | 'scheduled_at' | 'started_at' | 'completed_at' | 'next_retry_at'>

interface Stretch extends Pick<TimelinePart, 'name' | 'kind' | 'isOpen'> { from: number, to: number }

function before(job: Timed, created: number, end: number): Stretch[] {
  const due = job.scheduled_at ? Math.max(created, Date.parse(job.scheduled_at)) : created
  const planned = Math.min(due, end)
  return [
    { name: 'Planned', kind: 'planned', isOpen: job.state === 'scheduled', from: created, to: planned },
    { name: job.attempt > 1 ? 'Waited, with earlier attempts' : 'Waited', kind: 'waited', isOpen: !job.started_at && !job.completed_at, from: planned, to: end },
  ]
}
function since(job: Timed, started: number, now: number): Stretch {
  const isRunning = job.state === 'running'
  if (job.completed_at) return { name: 'Ran', kind: 'ran', isOpen: false, from: started, to: Date.parse(job.completed_at) }
  if (isRunning) return { name: 'Ran', kind: 'ran', isOpen: true, from: started, to: now }
  return { name: job.state === 'retrying' ? 'Ran, failed and waits for the next attempt' : 'Since the last start', kind: 'retry', isOpen: true, from: started, to: now }
}

/** What happened, as stretches of time. `now` (server ms) ends what still goes on. */
export function timelineParts(job: Timed, now: number): TimelinePart[] {
  const created = Date.parse(job.created_at)
  const started = job.started_at ? Date.parse(job.started_at) : null
  const firstEnd = started ?? (job.completed_at ? Date.parse(job.completed_at) : now)
  return [...before(job, created, firstEnd), ...(started === null ? [] : [since(job, started, now)])]
    .filter(({ from, to, kind }) => to > from || kind === 'ran')
    .map(({ from, to, ...part }) => ({ ...part, ms: Math.max(0, to - from) }))
}

/** The moments themselves, in order. */
export function timelinePoints(job: Timed): TimelinePoint[] {
  const endName: Record<string, string> = { completed: 'Completed', failed: 'Failed', cancelled: 'Cancelled', expired: 'Expired' }
  const points: { name: string, at: string | null }[] = [
    { name: 'Created', at: job.created_at },
    { name: 'Planned for', at: job.scheduled_at },
    { name: job.attempt > 1 ? `Attempt ${job.attempt} started` : 'Started', at: job.started_at },
    { name: 'Next attempt', at: job.state === 'retrying' ? job.next_retry_at : null },
    { name: endName[job.state] ?? 'Ended', at: job.completed_at },
  ]
  return points.filter((point): point is TimelinePoint => point.at !== null).sort((a, b) => a.at.localeCompare(b.at))
}
