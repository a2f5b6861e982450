import type { HeldRun } from '#server/domain/engine/beat-messages.ts'

/**
 * The claims this process holds. Heartbeats prolong exactly these, so that a claim whose answer was lost, or a job whose
 * end could not be written, runs out and is reaped although the process lives.
 */
const unfinished = new Map<string, number>()
const released: string[] = []
let tellHolder: ((claimId: string, runs: HeldRun[]) => void) | undefined

/** Names who is told of a new claim at once, before any of its jobs starts. */
export function tellOfClaims(holder: (claimId: string, runs: HeldRun[]) => void): void {
  tellHolder = holder
}

export function holdClaim(claimId: string, runs: HeldRun[]): void {
  unfinished.set(claimId, runs.length)
  tellHolder?.(claimId, runs)
}

/** What a heartbeat prolongs. */
export const heldClaims = (): string[] => [...unfinished.keys()]

/** A job's end is written: the claim is released with its last one. */
export function endJobOf(claimId: string): void {
  const left = unfinished.get(claimId)
  if (left === undefined) return
  if (left > 1) return void unfinished.set(claimId, left - 1)
  unfinished.delete(claimId)
  released.push(claimId)
}

/** A job's end could not be written: its claim is no longer prolonged, and the reaper takes the job back. */
export const abandonClaim = (claimId: string): void => { unfinished.delete(claimId) }

/** Claims to delete with the next statement; one that is lost on the way runs out by itself. */
export const takeReleased = (): string[] => released.splice(0)
