import type { JobChange } from '#shared/schemas/live.ts'

export interface GatherOptions {
  /** Gets the newest change of each job. */
  deliver: (changes: JobChange[]) => void
  /** Called instead when more jobs changed than are worth following one by one. */
  overflow: () => void
}

/** What follows the first changes within this time is told together: nobody reads faster, and a page must stay smooth. */
const GATHER_MS = 150
const MOST_JOBS = 3000

/** Passes job changes on: the first at once, those that follow together, so that thousands a second cost a page few renderings. */
export function gatherChanges({ deliver, overflow }: GatherOptions): (changes: JobChange[]) => void {
  let waiting = new Map<string, JobChange>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function rest(): void {
    timer = undefined
    if (waiting.size === 0) return
    const gathered = waiting
    waiting = new Map()
    timer = setTimeout(rest, GATHER_MS)
    if (gathered.size > MOST_JOBS) overflow()
    else deliver([...gathered.values()])
  }
  return (changes) => {
    if (timer === undefined) {
      timer = setTimeout(rest, GATHER_MS)
      deliver(changes)
      return
    }
    for (const change of changes) {
      // One more than counts is enough to know that there are too many.
      if (waiting.size > MOST_JOBS) return
      const known = waiting.get(change.id)
      if (known === undefined || known.updated_at <= change.updated_at) waiting.set(change.id, change)
    }
  }
}
