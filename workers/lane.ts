import { workLane, type BeltWorker } from '#server/infra/belt.ts'
import { logger } from '#server/infra/logger.ts'
import { giveBackHints, startEnvelope } from '#server/domain/engine/run-envelope.ts'
import type { JobType } from '#shared/job-types.ts'
import { laneSlots } from './lane-slots.ts'
import { runAttempt } from './run-attempt.ts'
import { createSlots, type Slots } from './slots.ts'

/** The jobs of one type in this process. */
export interface Lane {
  readonly name: JobType
  readonly slots: Slots
  /** Envelopes taken since the start. */
  readonly taken: number
  readonly isOpen: boolean
  /** Envelopes in hand, jobs that run, and jobs whose end is not written yet: zero when nothing would be lost. */
  readonly busy: number
  /** Begins to take envelopes; does nothing when it does already. */
  open(): void
  /** Takes no more; what runs goes on. Resolves when nothing of it is on the way from the belt. */
  close(): Promise<void>
}

/** Envelopes that are taken from the belt and claimed at once. */
const HANDS = 20
/** What does not fit within this time goes back: another worker may have room. */
const ROOM_MS = 1000
/** Ended runs whose end is not written yet; with more, the lane waits for the database. */
const UNWRITTEN_MAX = 5000

interface LaneState { name: JobType, workerId: string, slots: Slots, taken: number, hands: number, unwritten: number, belt?: BeltWorker }

export function createLane(name: JobType, workerId: string): Lane {
  const size = laneSlots(name)
  const state: LaneState = { name, workerId, slots: createSlots(size), taken: 0, hands: 0, unwritten: 0 }
  return {
    name,
    slots: state.slots,
    get taken() { return state.taken },
    get busy() { return state.hands + state.unwritten },
    get isOpen() { return state.belt !== undefined },
    open() {
      state.slots.open()
      state.belt ??= workLane({ lane: name, concurrency: Math.min(HANDS, Math.ceil(size / 10)), handle: ids => inHand(state, ids) })
    },
    async close() {
      const belt = state.belt
      state.belt = undefined
      state.slots.close()
      await belt?.close()
    },
  }
}

async function inHand(state: LaneState, ids: string[]): Promise<void> {
  state.taken++
  state.hands++
  try {
    await handle(state, ids)
  }
  finally {
    state.hands--
  }
}

/**
 * Claims an envelope and starts its jobs; the belt may forget it then. Comes back to the belt for more only when there is
 * room, so that what this worker cannot run waits where any other can take it.
 */
async function handle(state: LaneState, ids: string[]): Promise<void> {
  let rest = ids
  while (rest.length > 0 && await state.slots.room(ROOM_MS)) {
    const got = state.slots.take(rest.length)
    await start(state, rest.slice(0, got))
    rest = rest.slice(got)
  }
  if (rest.length > 0) await giveBack(state.name, rest)
  await state.slots.room()
}

async function start(state: LaneState, ids: string[]): Promise<void> {
  let unused = ids.length
  try {
    const { jobs, done } = await startEnvelope({
      ids, workerId: state.workerId,
      run: async (job) => {
        const outcome = await runAttempt(job)
        state.slots.release(1)
        return outcome
      },
    })
    unused -= jobs
    state.unwritten += jobs
    const written = done.finally(() => { state.unwritten -= jobs })
    if (state.unwritten > UNWRITTEN_MAX + laneSlots(state.name)) await written
    else written.catch(() => {})
  }
  finally {
    state.slots.release(unused)
  }
}

async function giveBack(lane: JobType, ids: string[]): Promise<void> {
  await giveBackHints(ids).catch((error: Error) => logger().warn({ lane, jobs: ids.length, error: error.message }, 'hints lost; the dispatcher finds their jobs'))
}
