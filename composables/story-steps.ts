import type { TimelineEntry } from '#shared/schemas/event.ts'
import type { Job } from '#shared/schemas/job.ts'

export interface StoryStep {
  key: string
  at: string
  /** What happened, without the reason. */
  title: string
  /** Why somebody did it, in their words. */
  reason?: string
  /** The other job it tells of. */
  jobId?: string
  icon: string
  tone: 'plain' | 'good' | 'bad' | 'warn' | 'accent' | 'person'
  /** Milliseconds since the step before; null at the first, and for what has yet to come. */
  afterMs: number | null
  /** The action on many jobs this was a part of. */
  actionId?: string
  /** True for what has yet to come. */
  isAhead: boolean
}
type Look = Pick<StoryStep, 'icon' | 'tone'>

const LOOKS: Record<TimelineEntry['kind'], Look> = {
  created: { icon: 'i-lucide-plus', tone: 'plain' },
  scheduled: { icon: 'i-lucide-clock', tone: 'plain' },
  started: { icon: 'i-lucide-play', tone: 'accent' },
  running: { icon: 'i-lucide-loader-circle', tone: 'accent' },
  completed: { icon: 'i-lucide-check', tone: 'good' },
  failed: { icon: 'i-lucide-octagon-x', tone: 'bad' },
  retrying: { icon: 'i-lucide-rotate-cw', tone: 'warn' },
  crashed: { icon: 'i-lucide-triangle-alert', tone: 'bad' },
  lost: { icon: 'i-lucide-triangle-alert', tone: 'warn' },
  snoozed: { icon: 'i-lucide-clock', tone: 'plain' },
  handed_back: { icon: 'i-lucide-rotate-ccw', tone: 'plain' },
  cancelled: { icon: 'i-lucide-ban', tone: 'plain' },
  expired: { icon: 'i-lucide-timer-off', tone: 'warn' },
  cancel_requested: { icon: 'i-lucide-ban', tone: 'person' },
  retried: { icon: 'i-lucide-rotate-ccw', tone: 'person' },
  run_now: { icon: 'i-lucide-fast-forward', tone: 'person' },
  priority_changed: { icon: 'i-lucide-arrow-up-down', tone: 'person' },
  purged: { icon: 'i-lucide-trash-2', tone: 'person' },
  copied: { icon: 'i-lucide-pencil', tone: 'person' },
  made_from: { icon: 'i-lucide-pencil', tone: 'person' },
  moved: { icon: 'i-lucide-rows-3', tone: 'person' },
  restored: { icon: 'i-lucide-rotate-ccw', tone: 'person' },
}

/** The reason stands apart from the sentence that ends with it. */
function titleOf({ text, reason }: TimelineEntry): string {
  const end = reason === undefined ? '' : `: ${reason}`
  return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text
}

/** What has yet to come, as far as it is known. */
function ahead(job: Job): Omit<StoryStep, 'key' | 'afterMs' | 'isAhead'>[] {
  const isWaiting = ['scheduled', 'blocked', 'pending', 'retrying'].includes(job.state)
  const steps = [
    { at: job.state === 'scheduled' ? job.scheduled_at : null, title: 'Starts', ...LOOKS.scheduled },
    { at: job.next_retry_at, title: `Run ${job.attempt + 1} starts`, ...LOOKS.retrying },
    { at: isWaiting ? job.expires_at : null, title: 'Expires if it has not begun', ...LOOKS.expired },
  ]
  return steps.flatMap(({ at, ...step }) => (at === null ? [] : [{ at, ...step }])).sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
}

/** A job's story as the page tells it: what happened, oldest first, then what is ahead. */
export function storySteps(entries: readonly TimelineEntry[], job: Job): StoryStep[] {
  const past = entries.map((entry, index) => ({
    key: `${index} ${entry.kind}`, at: entry.at, title: titleOf(entry), reason: entry.reason, jobId: entry.job_id, actionId: entry.action_id, ...LOOKS[entry.kind],
    ...(entry.actor === undefined ? {} : { tone: 'person' as const }),
    afterMs: index === 0 ? null : Date.parse(entry.at) - Date.parse(entries[index - 1]!.at), isAhead: false,
  }))
  return [...past, ...ahead(job).map(step => ({ ...step, key: `ahead ${step.title}`, afterMs: null, isAhead: true }))]
}
