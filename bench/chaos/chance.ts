/** Chance that can be repeated: the same seed gives the same numbers. */
export interface Chance {
  /** 0 to 1, without 1. */
  next(): number
  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
}

/** Mulberry32: small, and good enough to choose blows and payloads. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return {
    next, whole,
    pick: items => items[whole(0, items.length - 1)]!,
    shuffle(items) {
      const left = [...items]
      return items.map(() => left.splice(whole(0, left.length - 1), 1)[0]!)
    },
  }
}
