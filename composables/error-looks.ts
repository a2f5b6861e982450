import type { ErrorGroupState, ErrorStoryStep } from '#shared/schemas/error-group.ts'

interface ErrorLook { label: string, icon: string, color: 'neutral' | 'warning' | 'success' | 'error', meaning: string }

/** How each state of an error group looks, the same everywhere. */
export const ERROR_LOOKS: Record<ErrorGroupState, ErrorLook> = {
  open: { label: 'Open', icon: 'i-lucide-octagon-x', color: 'error', meaning: 'nobody has said that it is mended' },
  regressed: { label: 'Regressed', icon: 'i-lucide-rotate-ccw', color: 'error', meaning: 'was resolved, and came back' },
  muted: { label: 'Muted', icon: 'i-lucide-bell-off', color: 'neutral', meaning: 'counts on, and is left out of the open ones' },
  resolved: { label: 'Resolved', icon: 'i-lucide-check', color: 'success', meaning: 'mended; when it comes again it is regressed' },
}

export const STORY_LOOKS: Record<ErrorStoryStep['kind'], { icon: string, tone: string }> = {
  first_seen: { icon: 'i-lucide-octagon-x', tone: 'text-error' },
  regressed: { icon: 'i-lucide-octagon-x', tone: 'text-error' },
  muted: { icon: 'i-lucide-bell-off', tone: 'text-muted' },
  unmuted: { icon: 'i-lucide-bell', tone: 'text-muted' },
  resolved: { icon: 'i-lucide-check', tone: 'text-success' },
  reopened: { icon: 'i-lucide-octagon-x', tone: 'text-muted' },
  retried: { icon: 'i-lucide-rotate-ccw', tone: 'text-muted' },
  acted: { icon: 'i-lucide-list-checks', tone: 'text-muted' },
}

/** The first line of a form: the frames that may follow tell it from others, but are no title. */
export const titleOf = (form: string): string => form.split('\n', 1)[0]!

/** The tabs of the list, and the states each one shows. Regressed ones are open: they want a look. */
export const ERROR_TABS = [
  { value: 'open', label: 'Open', states: ['open', 'regressed'] },
  { value: 'muted', label: 'Muted', states: ['muted'] },
  { value: 'resolved', label: 'Resolved', states: ['resolved'] },
  { value: 'all', label: 'All', states: ['open', 'regressed', 'muted', 'resolved'] },
] as const satisfies { value: string, label: string, states: ErrorGroupState[] }[]
export type ErrorTab = (typeof ERROR_TABS)[number]['value']
