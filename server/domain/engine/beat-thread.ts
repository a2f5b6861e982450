/**
 * Runs in a thread of its own: writes the heartbeat of a worker and prolongs its claims, whatever holds up the worker's
 * main thread. A main thread that stays silent for a minute is beyond help: the process ends, and its jobs run elsewhere.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import { logger } from '#server/infra/logger.ts'
import { afterRuns } from '#server/domain/engine/after-runs.ts'
import { LEASE_SECONDS } from '#server/domain/engine/lease.ts'
import { endRuns } from '#server/domain/engine/store.ts'
import { beat, type WorkerRow } from '#server/domain/engine/worker-rows.ts'
import { unpackRuns, type FromBeat, type ToBeat } from '#server/domain/engine/beat-messages.ts'

const BEAT_MS = 1000
/** How long a heartbeat waits for the newest state; without it the last one is written again. */
const ANSWER_MS = 200
/** A statement that takes longer is left to itself. */
const STATEMENT_MS = 4000
/** Asked once a second. Counted, not timed: a process that was stopped as a whole has not been silent. */
const SILENT_MAX = 60
/** Silent for more than a second: longer than any pause that is nobody's fault. */
const SILENT_ENOUGH = 2

const port = parentPort!
const held = new Map<string, string>()
let row: WorkerRow | undefined
let released: string[] = []
let silent = 0
let answered = (): void => {}

port.on('message', (message: ToBeat) => {
  if (message.kind === 'claim') return void held.set(message.id, message.runs)
  row = message.row
  const kept = new Set(message.held)
  for (const id of held.keys()) if (!kept.has(id)) held.delete(id)
  for (const id of kept) if (!held.has(id)) held.set(id, '')
  released.push(...message.released)
  silent = 0
  answered()
})

const say = (message: FromBeat): void => port.postMessage(message)

async function round(): Promise<void> {
  if (++silent > SILENT_MAX) endProcess()
  const state = new Promise<void>((resolve) => { answered = resolve })
  say({ kind: 'ask' })
  await Promise.race([state, sleep(ANSWER_MS)])
  if (!row) return
  const gone = released
  released = []
  try {
    const late = sleep(STATEMENT_MS, undefined, { ref: false }).then(() => { throw new Error('the database takes too long') })
    const answer = await Promise.race([beat(row, { leaseSeconds: LEASE_SECONDS, held: [...held.keys()], released: gone }), late])
    say({ kind: 'beaten', answer })
    if (silent >= SILENT_ENOUGH && answer.cancels.length > 0) await cancelHere(new Set(answer.cancels))
  }
  catch (error) {
    say({ kind: 'failed', error: (error as Error).message })
  }
}

/** The main thread hears nothing now: what it runs is ended for us. Its late answer is refused, as after any end by force. */
async function cancelHere(ids: Set<string>): Promise<void> {
  const runs = [...held.values()].flatMap(unpackRuns).filter(({ id }) => ids.has(id))
  if (runs.length === 0) return
  const ended = await endRuns(runs.map(({ id, run }) => ({
    id, run, state: 'cancelled', outcome: 'cancelled', result: null, error: 'Cancelled on request.', delayMs: 0,
  })), [])
  await afterRuns([...ended.values()])
}

function endProcess(): void {
  logger().error({ pid: process.pid, seconds: SILENT_MAX }, 'the worker did nothing for too long (a processor holds up its event loop); it is ended, and its jobs run again elsewhere')
  process.kill(process.pid, 'SIGKILL')
}

for (;;) {
  const started = performance.now()
  await round()
  await sleep(Math.max(0, BEAT_MS - (performance.now() - started)))
}
