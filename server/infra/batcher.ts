interface Waiting<I, O> { item: I, resolve(value: O): void, reject(reason: unknown): void }

export interface BatcherOptions<I, O> {
  /** How many flushes may be under way at once. */
  slots: number
  /** Most items of one flush. */
  max: number
  /** While items come in a stream, the least time between the starts of two flushes, in ms. Default 0: none. */
  restMs?: number
  /** Gets the gathered items; answers in the same order, an Error in the place of an item that failed alone. */
  flush(items: I[]): Promise<(O | Error)[]>
}

/** Items that come closer than this, on average over the last ten or so, are a stream. */
const STREAM_GAP_MS = 2.5
const LONGEST_GAP_MS = 50
/** So many items share a flush well enough: nobody waits for more. */
const ENOUGH = 32

/**
 * Natural batching: an item is flushed at once while a slot is free, else it waits with the others until one frees.
 * Adds no delay when idle and grows the batch exactly as fast as the load does. In between, when a slot is nearly always
 * free although items come fast, each would cost a flush of its own: then flushes keep `restMs` apart.
 */
export function createBatcher<I, O>({ slots, max, restMs = 0, flush }: BatcherOptions<I, O>): (item: I) => Promise<O> {
  let waiting: Waiting<I, O>[] = []
  let busy = 0
  let scheduled = false
  const rest = createRest(restMs, drain)

  function drain(): void {
    scheduled = false
    while (waiting.length > 0 && busy < slots && (waiting.length >= Math.min(max, ENOUGH) || rest.isOver())) {
      rest.begin()
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
      drain()
    }
  }

  return item => new Promise<O>((resolve, reject) => {
    rest.count()
    waiting.push({ item, resolve, reject })
    if (scheduled) return
    scheduled = true
    // Everything that arrives in this turn of the event loop shares the flush.
    setImmediate(drain)
  })
}

/** The time between two flushes of a stream. `isOver` answers whether the next may start; if not, `over` is called when it may. */
function createRest(restMs: number, over: () => void) {
  let gap = LONGEST_GAP_MS
  let lastItemAt = -Infinity
  let flushedAt = -Infinity
  let timer: NodeJS.Timeout | undefined
  const wake = () => {
    timer = undefined
    flushedAt = -Infinity
    over()
  }
  return {
    count() {
      if (restMs === 0) return
      const now = performance.now()
      gap += (Math.min(now - lastItemAt, LONGEST_GAP_MS) - gap) / 10
      lastItemAt = now
    },
    begin() {
      clearTimeout(timer)
      timer = undefined
      flushedAt = performance.now()
    },
    isOver() {
      const left = gap < STREAM_GAP_MS ? restMs - (performance.now() - flushedAt) : 0
      if (left > 0) timer ??= setTimeout(wake, left)
      return left <= 0
    },
  }
}
