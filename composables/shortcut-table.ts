/**
 * Every shortcut of the dashboard, once: the keyboard handler, the help sheet and the command palette read this table. Keys
 * are as `KeyboardEvent.key` names them; two with a space are pressed one after the other; `mod` is Ctrl, or Command on a Mac.
 */
export interface Shortcut {
  id: string
  keys: string
  label: string
  icon: string
  /** Where it works, and the heading of the help sheet. */
  group: 'Everywhere' | 'Lists' | 'A job' | 'An error' | 'Log' | 'Code'
  /** Handled by a widget of its own: told here, not bound. */
  isTold?: true
}

const TABLE = [
  { id: 'palette', keys: 'mod k', label: 'Command palette', icon: 'i-lucide-command', group: 'Everywhere', isTold: true },
  { id: 'help', keys: '?', label: 'Keyboard shortcuts', icon: 'i-lucide-keyboard', group: 'Everywhere' },
  { id: 'search', keys: '/', label: 'Search', icon: 'i-lucide-search', group: 'Everywhere', isTold: true },
  { id: 'go.overview', keys: 'g o', label: 'Go to the overview', icon: 'i-lucide-gauge', group: 'Everywhere' },
  { id: 'go.jobs', keys: 'g j', label: 'Go to jobs', icon: 'i-lucide-layers', group: 'Everywhere' },
  { id: 'go.errors', keys: 'g e', label: 'Go to errors', icon: 'i-lucide-bug', group: 'Everywhere' },
  { id: 'go.actions', keys: 'g a', label: 'Go to actions', icon: 'i-lucide-list-checks', group: 'Everywhere' },
  { id: 'go.queues', keys: 'g q', label: 'Go to queues', icon: 'i-lucide-rows-3', group: 'Everywhere' },
  { id: 'go.code', keys: 'g c', label: 'Go to code', icon: 'i-lucide-square-terminal', group: 'Everywhere' },
  { id: 'go.workers', keys: 'g w', label: 'Go to workers', icon: 'i-lucide-hammer', group: 'Everywhere' },
  { id: 'go.receipts', keys: 'g r', label: 'Go to receipts', icon: 'i-lucide-inbox', group: 'Everywhere' },
  { id: 'go.new', keys: 'g n', label: 'New job', icon: 'i-lucide-plus', group: 'Everywhere' },
  { id: 'list.next', keys: 'j', label: 'Next row', icon: 'i-lucide-arrow-down', group: 'Lists', isTold: true },
  { id: 'list.previous', keys: 'k', label: 'Row before', icon: 'i-lucide-arrow-up', group: 'Lists', isTold: true },
  { id: 'list.open', keys: 'Enter', label: 'Open the row', icon: 'i-lucide-corner-down-left', group: 'Lists', isTold: true },
  { id: 'list.choose', keys: 'x', label: 'Choose the row', icon: 'i-lucide-square-check', group: 'Lists', isTold: true },
  { id: 'list.range', keys: 'Shift x', label: 'Choose all up to the row', icon: 'i-lucide-list-checks', group: 'Lists', isTold: true },
  { id: 'list.none', keys: 'Escape', label: 'Choose none', icon: 'i-lucide-x', group: 'Lists' },
  { id: 'list.retry', keys: 'r', label: 'Retry the chosen jobs', icon: 'i-lucide-rotate-ccw', group: 'Lists' },
  { id: 'list.cancel', keys: 'c', label: 'Cancel the chosen jobs', icon: 'i-lucide-ban', group: 'Lists' },
  { id: 'job.retry', keys: 'r', label: 'Retry', icon: 'i-lucide-rotate-ccw', group: 'A job' },
  { id: 'job.edit', keys: 'e', label: 'Edit and retry', icon: 'i-lucide-pencil', group: 'A job' },
  { id: 'job.unblock', keys: 'n', label: 'Run now, or what else ends the wait', icon: 'i-lucide-fast-forward', group: 'A job' },
  { id: 'job.priority', keys: 'p', label: 'Change priority', icon: 'i-lucide-arrow-up-down', group: 'A job' },
  { id: 'job.compare', keys: 'd', label: 'Compare', icon: 'i-lucide-git-compare', group: 'A job' },
  { id: 'job.similar', keys: 's', label: 'All failures like this', icon: 'i-lucide-bug', group: 'A job' },
  { id: 'job.logs', keys: 'l', label: 'Go to the log', icon: 'i-lucide-scroll-text', group: 'A job' },
  { id: 'job.cancel', keys: 'c', label: 'Cancel', icon: 'i-lucide-ban', group: 'A job' },
  { id: 'job.back', keys: 'b', label: 'Back to the job, or to the list', icon: 'i-lucide-arrow-left', group: 'A job' },
  { id: 'job.copy', keys: 'y', label: 'Copy the id', icon: 'i-lucide-copy', group: 'A job' },
  { id: 'error.retry', keys: 'r', label: 'Retry its jobs', icon: 'i-lucide-rotate-ccw', group: 'An error' },
  { id: 'error.settle', keys: 'v', label: 'Resolve or reopen', icon: 'i-lucide-check', group: 'An error' },
  { id: 'error.mute', keys: 'm', label: 'Mute or unmute', icon: 'i-lucide-bell-off', group: 'An error' },
  { id: 'error.jobs', keys: 'i', label: 'All its jobs', icon: 'i-lucide-layers', group: 'An error' },
  { id: 'error.back', keys: 'b', label: 'Back to the errors', icon: 'i-lucide-arrow-left', group: 'An error' },
  { id: 'log.find', keys: 'f', label: 'Find in the log', icon: 'i-lucide-search', group: 'Log' },
  { id: 'log.wrap', keys: 'w', label: 'Wrap long lines', icon: 'i-lucide-wrap-text', group: 'Log' },
  { id: 'log.follow', keys: 'o', label: 'Follow the log', icon: 'i-lucide-arrow-down-to-line', group: 'Log' },
  { id: 'code.run', keys: 'mod Enter', label: 'Run the program', icon: 'i-lucide-play', group: 'Code', isTold: true },
  { id: 'code.stop', keys: 'c', label: 'Stop the run', icon: 'i-lucide-square', group: 'Code' },
  { id: 'code.change', keys: 'e', label: 'Run a changed copy', icon: 'i-lucide-pencil', group: 'Code' },
  { id: 'code.link', keys: 'y', label: 'Copy the link to the run', icon: 'i-lucide-link', group: 'Code' },
] as const satisfies readonly Shortcut[]

export type ShortcutId = (typeof TABLE)[number]['id']
export const SHORTCUTS: readonly (Shortcut & { id: ShortcutId })[] = TABLE
export const shortcutOf = (id: ShortcutId): Shortcut => SHORTCUTS.find(shortcut => shortcut.id === id)!
/** The keys one by one, as they are drawn. */
export const keysOf = (shortcut: Pick<Shortcut, 'keys'>): string[] => shortcut.keys.split(' ')
