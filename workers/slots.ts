/** Places for jobs of one lane: how many may run at once in this process. */
export interface Slots {
  readonly free: number
  /** Takes at most `wanted` places; answers how many it got. */
  take(wanted: number): number
  release(count: number): void
  /** Resolves to true when a place is free; to false when none became free within the time, or the lane closes. */
  room(withinMs?: number): Promise<boolean>
  /** While closed there is no room, and nobody waits for any. */
  open(): void
  close(): void
}

interface Waiter { settle(room: boolean): void }

export function createSlots(size: number): Slots {
  let free = size
  let closed = true
  const waiters = new Set<Waiter>()

  /** As many as there are places, first come, first served. */
  function wake(): void {
    let left = free
    for (const waiter of waiters) {
      if (left-- <= 0) return
      waiter.settle(true)
    }
  }

  return {
    get free() { return free },
    take(wanted) {
      const got = Math.min(wanted, free)
      free -= got
      return got
    },
    release(count) {
      free += count
      wake()
    },
    room(withinMs) {
      if (closed || free > 0) return Promise.resolve(!closed)
      return new Promise((resolve) => {
        const timer = withinMs === undefined ? undefined : setTimeout(() => waiter.settle(false), withinMs)
        const waiter: Waiter = { settle: (room) => {
          clearTimeout(timer)
          waiters.delete(waiter)
          resolve(room)
        } }
        waiters.add(waiter)
      })
    },
    open() { closed = false },
    close() {
      closed = true
      for (const waiter of waiters) waiter.settle(false)
    },
  }
}
