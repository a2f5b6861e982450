import type { BoxEvents, BoxOutcome, BoxSpec, SandboxDriver } from '../driver.ts'
import { judgeOutcome } from '../judge-outcome.ts'
import { proveSandbox } from '../self-test.ts'
import { openGround, takePlace, type BwrapOptions, type Ground } from './ground.ts'
import { prepareBox } from './prepare-box.ts'
import { runBox } from './run-box.ts'
import { sinceHandOver } from './since-hand-over.ts'
import { endBox } from './start-box.ts'
import type { WaitingBox } from './start-waiting.ts'
import { openWaitingBoxes, type WaitingBoxes } from './waiting-boxes.ts'

/** Where boxes are made. */
interface Yard { ground: Ground, boxes: WaitingBoxes }

/**
 * Boxes made with bubblewrap. Nothing happens before the first `probe` or `run`; what they need on this machine (a folder in
 * the temporary folder, a cgroup) is removed by `close`, by the exit of the process, or, after a kill, by the next start.
 */
export function openBwrap(options: BwrapOptions = {}): SandboxDriver {
  let opening: Promise<Yard> | undefined
  const running = new Set<{ abort: AbortController, gone: Promise<void> }>()
  const open = () => opening ??= openGround(options).then(ground => ({ ground, boxes: openWaitingBoxes(ground, () => running.size) }))

  const run = async (spec: BoxSpec, events: BoxEvents = {}): Promise<BoxOutcome> => {
    const abort = new AbortController()
    const signal = events.signal ? AbortSignal.any([events.signal, abort.signal]) : abort.signal
    const box = { abort, gone: Promise.resolve() }
    running.add(box)
    try {
      const yard = await open()
      const started = startRun(yard, spec, { ...events, signal })
      box.gone = started.gone.then(yard.boxes.onRunEnded)
      return await started.outcome
    }
    catch (error) {
      return failed(spec, error)
    }
    finally {
      void box.gone.then(() => running.delete(box))
    }
  }
  return {
    name: 'bwrap',
    keepsWarm: true,
    run,
    probe: () => proveSandbox({ run, open: async () => (await open()).ground }),
    prepare: async (name, spec) => (await open()).boxes.keep(name, spec),
    close: async () => {
      for (const box of running) box.abort.abort()
      const yard = await opening?.catch(() => undefined)
      await yard?.boxes.close()
      while (running.size) await Promise.all([...running].map(box => box.gone))
      yard?.ground.close()
    },
  }
}

/** In a box that waits where there is one, else in a new one; also when the one that waited failed before the program said anything. */
function startRun(yard: Yard, spec: BoxSpec, events: BoxEvents): BoxRun {
  const waiting = events.signal?.aborted ? undefined : yard.boxes.take(spec)
  const warm = waiting && runWarm({ ground: yard.ground, waiting, spec, events })
  if (!warm) return runCold(yard, spec, events)
  const both = warm.outcome.then((outcome) => {
    const said = outcome.stdout.length + outcome.stderr.length > 0
    return outcome.status !== 'internal_error' || said ? { outcome: Promise.resolve(outcome), gone: warm.gone } : runCold(yard, spec, events)
  })
  return { outcome: both.then(run => run.outcome), gone: both.then(run => run.gone) }
}

interface BoxRun { outcome: Promise<BoxOutcome>, gone: Promise<void> }

function runCold({ ground }: Yard, spec: BoxSpec, events: BoxEvents): BoxRun {
  if (events.signal?.aborted) {
    const outcome = judgeOutcome({ limits: spec.limits, complaint: '', endedFor: 'abort', elapsedMs: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) })
    return { outcome: Promise.resolve(outcome), gone: Promise.resolve() }
  }
  const place = takePlace(ground, spec.limits)
  try {
    const box = runBox(prepareBox({ ground, spec, place }), events)
    return { outcome: box.evidence.then(judgeOutcome), gone: box.gone.then(place.leave) }
  }
  catch (error) {
    place.leave()
    throw error
  }
}

/** Hands the run to a box that waits. Undefined where the box cannot have its limits; it is then ended. */
function runWarm({ ground, waiting: { started, place }, spec, events }: { ground: Ground, waiting: WaitingBox, spec: BoxSpec, events: BoxEvents }): BoxRun | undefined {
  try {
    place.cgroup?.change(spec.limits)
    const counted = { ...place, cgroup: place.cgroup && sinceHandOver(place.cgroup) }
    const box = runBox(prepareBox({ ground, spec, place: counted, waiting: started }), events)
    return { outcome: box.evidence.then(judgeOutcome), gone: box.gone }
  }
  catch {
    endBox(started)
    return undefined
  }
}

const failed = (spec: BoxSpec, error: unknown): BoxOutcome => judgeOutcome({
  limits: spec.limits, complaint: error instanceof Error ? error.message : String(error), elapsedMs: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0),
})
