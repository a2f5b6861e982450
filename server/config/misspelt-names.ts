import { INTERNAL_NAMES, VARIABLE_NAMES } from './environment.ts'

/** Names other programs use for the same thing, too far from ours for a spelling distance to find. */
const FOREIGN_SPELLINGS: Record<string, string> = { DB_PASS: 'DB_PASSWORD', REDIS_URI: 'REDIS_URL', DATABASE_URI: 'DATABASE_URL', BESPIN_PORT: 'PORT', BESPIN_HOST: 'HOST' }
/** Of the variables without our prefix only these families are worth a refusal; the rest of an environment is not ours. */
const GUARDED = /^(DB|DAT|REDIS|JWT|ADMIN_|METRIC|GRPC|WORKER_|REGISTRATION|GITHUB_WEB|STRIPE_WEB|SENDGRID_WEB|CORS)/

/**
 * Finds variables that were surely meant for Bespin but are spelt wrong.
 * @returns `[wrong name, right name]` pairs; a name whose right spelling is set too is left alone, it is somebody else's.
 */
export function findMisspeltNames(env: Record<string, string | undefined>): [string, string][] {
  const found: [string, string][] = []
  for (const name of Object.keys(env)) {
    if (!env[name] || VARIABLE_NAMES.includes(name)) continue
    const right = FOREIGN_SPELLINGS[name] ?? nearest(name)
    if (right && !env[right]) found.push([name, right])
  }
  return found
}

function nearest(name: string): string | undefined {
  const ours = name.startsWith('BESPIN')
  if (!ours && !GUARDED.test(name)) return undefined
  const bare = (text: string): string => text.replaceAll('_', '').toUpperCase()
  const candidates = VARIABLE_NAMES.filter(known => known.length > 5 && !INTERNAL_NAMES.includes(known))
    .map(known => ({ known, distance: editDistance(bare(name), bare(known)) }))
    .sort((a, b) => a.distance - b.distance)
  const best = candidates[0]
  return best && best.distance <= (ours ? 3 : 2) ? best.known : undefined
}

/** Number of inserted, removed, changed or swapped letters between two words (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)])
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1)
      rows[i]![j] = best
    }
  }
  return rows[a.length]![b.length]!
}
