/**
 * Logarithmic buckets of milliseconds, four to each doubling: a value read back from a bucket is at most 9 % off. Bucket 0
 * holds everything up to an eighth of a millisecond, the last one everything over 97 days.
 */
export const BUCKETS = 144
const SMALLEST_MS = 0.125
const PER_DOUBLING = 4

export function bucketOf(milliseconds: number): number {
  if (!(milliseconds > SMALLEST_MS)) return 0
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(milliseconds / SMALLEST_MS) * PER_DOUBLING))
}

/** The middle of a bucket in milliseconds, to three digits. */
function middleOf(bucket: number): number {
  return bucket === 0 ? SMALLEST_MS : Number((SMALLEST_MS * 2 ** ((bucket - 0.5) / PER_DOUBLING)).toPrecision(3))
}

/** The time that a share of all (0 to 1) did not exceed, in milliseconds; null without any. `counts` by bucket, in any order. */
export function quantile(counts: Iterable<[bucket: number, count: number]>, share: number): number | null {
  const sorted = [...counts].sort((a, b) => a[0] - b[0])
  const total = sorted.reduce((sum, [, count]) => sum + count, 0)
  if (total === 0) return null
  const rank = Math.max(1, Math.ceil(total * share))
  let seen = 0
  for (const [bucket, count] of sorted) {
    seen += count
    if (seen >= rank) return middleOf(bucket)
  }
  return null
}
