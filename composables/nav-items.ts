export interface NavItem { label: string, icon: string, to: string, group?: string, isExternal?: boolean }

/** Only what works is listed. */
export const NAV_ITEMS: readonly NavItem[] = [
  { label: 'Overview', icon: 'i-lucide-gauge', to: '/' },
  { label: 'Jobs', icon: 'i-lucide-layers', to: '/jobs' },
  { label: 'Errors', icon: 'i-lucide-bug', to: '/errors' },
  { label: 'Queues', icon: 'i-lucide-rows-3', to: '/queues' },
  { label: 'Code', icon: 'i-lucide-square-terminal', to: '/code' },
  { label: 'Actions', icon: 'i-lucide-list-checks', to: '/actions' },
  { label: 'Receipts', icon: 'i-lucide-inbox', to: '/receipts', group: 'Webhooks in' },
  { label: 'Workers', icon: 'i-lucide-hammer', to: '/workers', group: 'System' },
  { label: 'API reference', icon: 'i-lucide-book-open', to: '/docs', group: 'For programs', isExternal: true },
]

/** True when the page at `path` belongs to the item. */
export const isUnder = (path: string, item: NavItem): boolean => path === item.to || (item.to !== '/' && path.startsWith(`${item.to}/`))

const NAMES: Record<string, string> = { jobs: 'Jobs', errors: 'Errors', queues: 'Queues', workers: 'Workers', receipts: 'Receipts', code: 'Code', actions: 'Actions' }
/** Pages about one thing. */
const PARTS: Record<string, string> = { compare: 'Compare', edit: 'Edit and retry' }
const ID = /^[0-9a-f-]{36}$/i
/** Where you are, from the path: Jobs › …3f2a */
export function crumbsOf(path: string): { label: string, to?: string }[] {
  const [first, ...rest] = path.split('/').filter(Boolean)
  if (first === undefined) return [{ label: 'Overview' }]
  const named = (part: string) => (path === '/jobs/new' ? 'New job' : ID.test(part) ? `…${part.slice(-12)}` : PARTS[part] ?? part)
  const toPart = (index: number) => (index < rest.length - 1 ? `/${[first, ...rest.slice(0, index + 1)].join('/')}` : undefined)
  return [{ label: NAMES[first] ?? first, to: rest.length > 0 ? `/${first}` : undefined }, ...rest.map((part, index) => ({ label: named(part), to: toPart(index) }))]
}
