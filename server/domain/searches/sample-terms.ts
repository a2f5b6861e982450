import type { PathStep } from '#shared/search-terms.ts'
import { quoteValue } from '#shared/search-terms.ts'

/** Deepest path, longest value and most different paths that are offered. */
const DEEPEST = 6
const LONGEST = 80
const MOST_PATHS = 500

/** A path that occurs, and its values, each with how many of the jobs have it. */
export interface SampledPath { path: PathStep[], count: number, values: Map<string, number> }

/** What paths and values occur in JSON values of jobs, by the path as it is written in a search. */
export function samplePaths(roots: unknown[], printPath: (path: PathStep[]) => string): Map<string, SampledPath> {
  const paths = new Map<string, SampledPath>()
  for (const root of roots) {
    const seen = new Set<string>()
    walk(root, [], (path, leaf) => {
      const written = printPath(path)
      const known = paths.get(written) ?? { path, count: 0, values: new Map<string, number>() }
      if (!paths.has(written) && paths.size >= MOST_PATHS) return
      paths.set(written, known)
      if (!seen.has(written)) known.count++
      seen.add(written)
      const value = writtenValue(leaf)
      if (value !== null) known.values.set(value, (known.values.get(value) ?? 0) + 1)
    })
  }
  return paths
}

function walk(value: unknown, path: PathStep[], visit: (path: PathStep[], leaf: unknown) => void): void {
  if (path.length > DEEPEST) return
  if (Array.isArray(value)) {
    for (const item of value.slice(0, 20)) walk(item, [...path, null], visit)
    return
  }
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value).slice(0, 100)) walk(inner, [...path, key], visit)
    return
  }
  if (path.length > 0) visit(path, value)
}

/** As it is written in a search: text that would be read as something else goes in quotation marks. */
function writtenValue(leaf: unknown): string | null {
  const text = typeof leaf === 'string' ? leaf : JSON.stringify(leaf)
  return text.length > LONGEST ? null : quoteValue(text)
}
