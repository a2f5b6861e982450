import type { AttemptOutcome } from '#shared/schemas/event.ts'

interface OutcomeLook { label: string, icon: string, color: 'neutral' | 'primary' | 'success' | 'warning' | 'error', meaning: string }

/** How each end of a run looks, and what it means. */
export const OUTCOME_LOOKS: Record<AttemptOutcome, OutcomeLook> = {
  running: { label: 'Running', icon: 'i-lucide-loader-circle', color: 'primary', meaning: 'has not ended' },
  completed: { label: 'Completed', icon: 'i-lucide-check', color: 'success', meaning: 'done' },
  failed: { label: 'Failed', icon: 'i-lucide-octagon-x', color: 'error', meaning: 'counts against the retries' },
  crashed: { label: 'Crashed', icon: 'i-lucide-triangle-alert', color: 'error', meaning: 'ended its own process; three of these and the job fails for good' },
  lost: { label: 'Lost', icon: 'i-lucide-triangle-alert', color: 'warning', meaning: 'its worker fell silent; not counted as a failure' },
  cancelled: { label: 'Cancelled', icon: 'i-lucide-ban', color: 'neutral', meaning: 'told to stop' },
  snoozed: { label: 'Snoozed', icon: 'i-lucide-clock', color: 'neutral', meaning: 'asked to be run again later; not counted as a failure' },
  handed_back: { label: 'Handed back', icon: 'i-lucide-rotate-ccw', color: 'neutral', meaning: 'its worker stopped in order; not counted as a failure' },
}
