import { isDeepStrictEqual } from 'node:util'
import type { BoxSpec, WarmSpec } from '../driver.ts'
import { takePlace, type BoxPlace, type Ground } from './ground.ts'
import { launchBox, orderToWait, sizeOfDisk, sizeOfWaitingDisk } from './prepare-box.ts'
import { endBox, startBox, type StartedBox } from './start-box.ts'

/** A box with a program that waits for its source. It leaves its place by itself when nothing is left of it. */
export interface WaitingBox { started: StartedBox, place: BoxPlace }
type Readied = WaitingBox | undefined

/** The pipe that a source comes through holds 64 KiB at once. */
const MOST_SOURCE_BYTES = 60 * 1024
const START_WITHIN_MS = 20_000

/** Nothing that was settled when the waiting program was started may be otherwise for this run. */
export function fits(spec: BoxSpec, waiting: WarmSpec): boolean {
  const source = spec.files.filter(({ path }) => path === waiting.source)
  return source.length === 1 && source[0]!.content.length <= MOST_SOURCE_BYTES && source[0]!.executable !== true
    && sizeOfDisk(spec) === sizeOfWaitingDisk(waiting)
    && isDeepStrictEqual([spec.argv, spec.env, spec.mounts], [waiting.argv, waiting.env, waiting.mounts])
}

/** Starts one box, which leaves its place when nothing is left of it. `ready` answers it when its program waits; undefined: it failed. */
export function startWaiting(ground: Ground, spec: WarmSpec): { ready: Promise<Readied>, gone: Promise<void> } {
  const { promise: ready, resolve } = Promise.withResolvers<Readied>()
  const place = takePlace(ground, spec.limits)
  const started = startBox(launchBox(ground, { mounts: spec.mounts, diskBytes: sizeOfWaitingDisk(spec) }, place), {
    onFrame: kind => kind === 'ready' ? resolve({ started, place }) : endBox(started), onText: () => {},
  })
  for (const part of orderToWait(spec)) started.channel.write(part)
  const late = setTimeout(() => endBox(started), START_WITHIN_MS)
  void ready.then(() => clearTimeout(late))
  const gone = started.gone.catch(() => {}).then(() => {
    place.leave()
    resolve(undefined)
  })
  return { ready, gone }
}
