/**
 * When to look for the lost hints of a lane. Looking reads rows of every day, and a lane that works off a stream as fast
 * as it comes looks abandoned at every moment: so each look that finds nothing doubles the wait for the next.
 */
export interface LookPatience {
  /** Told again and again whether jobs wait while the lane's belt is empty; true when that has lasted long enough to look. */
  isOver(lane: string, abandoned: boolean, now: number): boolean
  /** What a look at the lane found. */
  looked(lane: string, found: boolean): void
}

/** The first look comes after `firstMs` of an abandoned lane, the later ones at most `mostMs` apart. */
export function createLookPatience({ firstMs, mostMs }: { firstMs: number, mostMs: number }): LookPatience {
  const since = new Map<string, number>()
  const wait = new Map<string, number>()
  const waitOf = (lane: string) => wait.get(lane) ?? firstMs
  return {
    isOver(lane, abandoned, now) {
      if (!abandoned) {
        since.delete(lane)
        return false
      }
      const began = since.get(lane) ?? now
      const over = now - began >= waitOf(lane)
      since.set(lane, over ? now : began)
      return over
    },
    looked: (lane, found) => void wait.set(lane, found ? firstMs : Math.min(mostMs, 2 * waitOf(lane))),
  }
}
