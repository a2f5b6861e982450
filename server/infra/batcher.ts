interface Waiting<I, O> { item: I, resolve(value: O): void, reject(reason: unknown): void }

export interface BatcherOptions<I, O> {
  /** How many flushes may be under way at once. */
  slots: number
  /** Most items of one flush. */
  max: number
  /** Gets the gathered items; answers in the same order, an Error in the place of an item that failed alone. */
  flush(items: I[]): Promise<(O | Error)[]>
}

/**
 * Natural batching: an item is flushed at once while a slot is free, else it waits with the others until one frees.
 * Adds no delay when idle and grows the batch exactly as fast as the load does.
 */
export function createBatcher<I, O>({ slots, max, flush }: BatcherOptions<I, O>): (item: I) => Promise<O> {
  let waiting: Waiting<I, O>[] = []
  let busy = 0
  let scheduled = false

  async function drain(): Promise<void> {
    scheduled = false
    while (waiting.length > 0 && busy < slots) {
      const batch = waiting.slice(0, max)
      waiting = waiting.slice(max)
      busy++
      void settle(batch)
    }
  }

  async function settle(batch: Waiting<I, O>[]): Promise<void> {
    try {
      const results = await flush(batch.map(entry => entry.item))
      batch.forEach((entry, index) => {
        const result = results[index]
        if (result instanceof Error) entry.reject(result)
        else entry.resolve(result as O)
      })
    }
    catch (error) {
      for (const entry of batch) entry.reject(error)
    }
    finally {
      busy--
      void drain()
    }
  }

  return item => new Promise<O>((resolve, reject) => {
    waiting.push({ item, resolve, reject })
    if (scheduled) return
    scheduled = true
    // Everything that arrives in this turn of the event loop shares the flush.
    setImmediate(() => void drain())
  })
}
