/** Who of a queue's gated jobs may go now: the one rule of ordering keys, concurrency keys and limited queues. Pure. */
export type FullOf = 'rate' | 'concurrency'
export type SlotKind = 'ordering' | 'concurrency' | 'queue'
export interface GatedRow { job_id: string, seq: string, ordering_key: string | null, concurrency_key: string | null }
export interface Held { kind: SlotKind, key: string, slot: number, job_id: string }
export interface QueueLimits {
  /** Most jobs of the queue at once; null: any number. */
  concurrency: number | null
  /** Most jobs at once of one concurrency key. */
  perKey: number
  /** Starts left in this window; null: any number. */
  rateLeft: number | null
}
export interface Choice {
  go: string[]
  slots: Held[]
  /** Must wait for a key that others hold. */
  park: { job_id: string, waits_for: string }[]
  /** Heads of keys that nobody holds: ready, wherever they stand in line. */
  heads: [key: string, seq: string][]
  /** What of the queue is used up: its rate or its places. What is left stays ready for later. */
  full: FullOf | null
}

/**
 * Goes through `rows` in their order. An ordering key is held by one job until its final end and goes to the first in
 * line (`heads`: key to its lowest seq); a concurrency key by `perKey` jobs while they run; a place of the queue likewise.
 */
export function chooseGated({ rows, held, heads, limits }: { rows: GatedRow[], held: Held[], heads: Map<string, string>, limits: QueueLimits }): Choice {
  const state: State = { held, heads, limits, taken: takenSlots(held) }
  const choice: Choice = { go: [], slots: [], park: [], heads: [], full: null }
  for (const row of rows) {
    const turn = turnOf(row, state, choice.go.length)
    if ('full' in turn) {
      choice.full = turn.full
      break
    }
    if ('waitsFor' in turn) {
      choice.park.push({ job_id: row.job_id, waits_for: turn.waitsFor })
      continue
    }
    for (const slot of turn.slots) take(state.taken, slot)
    choice.slots.push(...turn.slots)
    choice.go.push(row.job_id)
  }
  choice.heads = [...heads].filter(([key]) => !state.taken.has(`ordering:${key}`))
  return choice
}

interface State { held: Held[], heads: Map<string, string>, limits: QueueLimits, taken: Taken }
type Turn = { slots: Held[] } | { waitsFor: string } | { full: FullOf }

/** What one job may do: go with these slots, wait for a key, or find the queue full. */
function turnOf(row: GatedRow, state: State, gone: number): Turn {
  const { limits, taken } = state
  const slot = (kind: SlotKind, key: string, number: number): Held => ({ kind, key, slot: number, job_id: row.job_id })
  const slots: Held[] = []
  const ordering = row.ordering_key === null ? 'has' : orderingTurn(row, state)
  if (ordering === 'wait') return { waitsFor: `ordering:${row.ordering_key}` }
  if (ordering === 'take') slots.push(slot('ordering', row.ordering_key!, 1))
  if (row.concurrency_key !== null) {
    const free = freeSlot(taken, `concurrency:${row.concurrency_key}`, limits.perKey)
    if (free === undefined) return { waitsFor: `concurrency:${row.concurrency_key}` }
    slots.push(slot('concurrency', row.concurrency_key, free))
  }
  if (limits.rateLeft !== null && gone >= limits.rateLeft) return { full: 'rate' }
  if (limits.concurrency === null) return { slots }
  const place = freeSlot(taken, 'queue:', limits.concurrency)
  return place === undefined ? { full: 'concurrency' } : { slots: [...slots, slot('queue', '', place)] }
}

type Taken = Map<string, Set<number>>
/** A key or a place as it stands in `waits_for`. */
export const waitName = ({ kind, key }: { kind: SlotKind, key: string }): string => `${kind}:${key}`

function take(taken: Taken, slot: Held): void {
  const name = waitName(slot)
  taken.set(name, (taken.get(name) ?? new Set<number>()).add(slot.slot))
}

function takenSlots(held: Held[]): Taken {
  const taken: Taken = new Map()
  for (const slot of held) take(taken, slot)
  return taken
}

/** The lowest free number from 1 to `limit`; undefined when all are taken. */
function freeSlot(taken: Taken, name: string, limit: number): number | undefined {
  const used = taken.get(name)
  for (let slot = 1; slot <= limit; slot++) if (!used?.has(slot)) return slot
  return undefined
}

/** A job that ran before still holds its ordering key; another takes it when it is free and its turn. */
function orderingTurn(row: GatedRow, { held, taken, heads }: State): 'has' | 'take' | 'wait' {
  const key = row.ordering_key!
  if (held.some(slot => slot.kind === 'ordering' && slot.key === key && slot.job_id === row.job_id)) return 'has'
  if (taken.has(`ordering:${key}`)) return 'wait'
  return heads.get(key) === row.seq ? 'take' : 'wait'
}
