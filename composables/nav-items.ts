export interface NavItem { label: string, icon: string, to: string, group?: string, isExternal?: boolean }

/** Only what works is listed. */
export const NAV_ITEMS: readonly NavItem[] = [
  { label: 'Overview', icon: 'i-lucide-gauge', to: '/' },
  { label: 'Jobs', icon: 'i-lucide-layers', to: '/jobs' },
  { label: 'Receipts', icon: 'i-lucide-inbox', to: '/receipts', group: 'Webhooks in' },
  { label: 'API reference', icon: 'i-lucide-book-open', to: '/docs', group: 'For programs', isExternal: true },
]

/** True when the page at `path` belongs to the item. */
export const isUnder = (path: string, item: NavItem): boolean => path === item.to || (item.to !== '/' && path.startsWith(`${item.to}/`))

const NAMES: Record<string, string> = { jobs: 'Jobs', receipts: 'Receipts', new: 'New job' }
/** Where you are, from the path: Jobs › 3f2a… */
export function crumbsOf(path: string): { label: string, to?: string }[] {
  const parts = path.split('/').filter(Boolean)
  if (parts.length === 0) return [{ label: 'Overview' }]
  return parts.map((part, index) => ({
    label: NAMES[part] ?? (part.length > 12 ? `…${part.slice(-12)}` : part),
    to: index < parts.length - 1 ? `/${parts.slice(0, index + 1).join('/')}` : undefined,
  }))
}
