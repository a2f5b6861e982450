import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { publish } from '#server/infra/live-bus.ts'

const PAUSE_MS = 20
const here = new EventEmitter()
let pausing = false
let again = false

/** Asks the dispatcher, wherever it runs, not to wait for its next round. Best effort; many at once are one. */
export function wakeDispatcher(): void {
  if (pausing) {
    again = true
    return
  }
  pausing = true
  setTimeout(() => {
    pausing = false
    if (!again) return
    again = false
    wakeDispatcher()
  }, PAUSE_MS).unref()
  wokenHere()
  publish('wakes', [{ at: Date.now() }])
}

/** A wake arrived over the live bus. */
export const wokenHere = (): void => { here.emit('wake') }

/** Waits until the time is over, the dispatcher is wanted, or the signal ends the wait. */
export async function untilWanted(milliseconds: number, signal: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  await Promise.race([sleep(milliseconds, undefined, { signal: either }), once(here, 'wake', { signal: either })]).catch(() => {})
  stop.abort()
}
