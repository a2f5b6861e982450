import type { JobState } from '#shared/job-states.ts'

export interface StateLook {
  label: string
  icon: string
  color: 'neutral' | 'primary' | 'warning' | 'success' | 'error'
  variant: 'outline' | 'soft' | 'subtle'
  /** What the state means, for people who meet it first. */
  meaning: string
}

/** How each state looks, the same everywhere. Never colour alone: icon and word too. */
export const STATE_LOOKS: Record<JobState, StateLook> = {
  scheduled: { label: 'Scheduled', icon: 'i-lucide-clock', color: 'neutral', variant: 'outline', meaning: 'starts at a set time' },
  blocked: { label: 'Blocked', icon: 'i-lucide-link', color: 'neutral', variant: 'subtle', meaning: 'waits for other jobs' },
  pending: { label: 'Pending', icon: 'i-lucide-circle-dot', color: 'neutral', variant: 'soft', meaning: 'waits for a free worker' },
  running: { label: 'Running', icon: 'i-lucide-loader-circle', color: 'primary', variant: 'soft', meaning: 'a worker has it' },
  retrying: { label: 'Retrying', icon: 'i-lucide-rotate-cw', color: 'warning', variant: 'soft', meaning: 'failed and will run again' },
  completed: { label: 'Completed', icon: 'i-lucide-check', color: 'success', variant: 'soft', meaning: 'done' },
  failed: { label: 'Failed', icon: 'i-lucide-octagon-x', color: 'error', variant: 'soft', meaning: 'out of attempts' },
  cancelled: { label: 'Cancelled', icon: 'i-lucide-ban', color: 'neutral', variant: 'soft', meaning: 'stopped by somebody' },
  expired: { label: 'Expired', icon: 'i-lucide-timer-off', color: 'neutral', variant: 'soft', meaning: 'its time ran out before it began' },
}
/** From what needs a look to what is done. */
export const STATE_ORDER: readonly JobState[] = ['failed', 'retrying', 'running', 'pending', 'scheduled', 'blocked', 'completed', 'cancelled', 'expired']
