import { wallClock } from '../clock.ts'

/**
 * An open loop: calls `onDue` for job 0, 1, 2, ... `perSecond` times a second whatever became of the earlier ones. Each gets
 * the time at which it was planned, so that a late start counts as waiting. Resolves after the last call.
 */
export function pace({ perSecond, count, onDue }: { perSecond: number, count: number, onDue(n: number, plannedAt: number): void }): Promise<void> {
  const from = wallClock()
  let next = 0
  return new Promise((resolve) => {
    const tick = () => {
      const due = Math.min(count, Math.floor((wallClock() - from) * perSecond / 1000) + 1)
      for (; next < due; next++) onDue(next, from + next * 1000 / perSecond)
      if (next >= count) return resolve()
      setTimeout(tick, Math.max(0, from + next * 1000 / perSecond - wallClock()))
    }
    tick()
  })
}
