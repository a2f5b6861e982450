import type { BeatAnswer, WorkerRow } from '#server/domain/engine/worker-rows.ts'

/** What the heartbeat thread is told: the state it asked for, or a new claim, at once. Its runs are one text: that is copied fastest. */
export type ToBeat =
  | { kind: 'state', row: WorkerRow, held: string[], released: string[] }
  | { kind: 'claim', id: string, runs: string }

/** What it says: asks for the state; has written a heartbeat, with what is wanted; or could not. */
export type FromBeat =
  | { kind: 'ask' }
  | { kind: 'beaten', answer: BeatAnswer }
  | { kind: 'failed', error: string }

export interface HeldRun { id: string, run: number }

export const packRuns = (runs: HeldRun[]): string => runs.map(({ id, run }) => `${id} ${run}`).join()
export const unpackRuns = (text: string): HeldRun[] => text === '' ? [] : text.split(',').map((pair) => {
  const [id = '', run] = pair.split(' ')
  return { id, run: Number(run) }
})
