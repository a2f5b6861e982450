import { availableParallelism } from 'node:os'
import type { BoxSpec, WarmSpec } from '../driver.ts'
import type { Ground } from './ground.ts'
import { endBox } from './start-box.ts'
import { fits, startWaiting, type WaitingBox } from './start-waiting.ts'

/** Boxes that wait, by name. */
export interface WaitingBoxes {
  /** See SandboxDriver.prepare. Resolves when the first box waits, or when it is clear that none will. */
  keep(name: string, spec: WarmSpec | null): Promise<void>
  /** One in which this run would find what a new box would give it; undefined: none waits, or none is like that. */
  take(spec: BoxSpec): WaitingBox | undefined
  /** To be called when a run has ended: there may be time to start another. */
  onRunEnded(): void
  close(): Promise<void>
}

interface Kept { spec: WarmSpec, waiting: WaitingBox[], failures: number, settle: () => void }
/** All that waits, and what is being done about it. */
interface Pool {
  ground: Ground
  running: () => number
  kept: Map<string, Kept>
  /** Resolve when nothing is left of a box. */
  alive: Set<Promise<void>>
  starting: boolean
  closed: boolean
  timer?: NodeJS.Timeout
}

/** A started program looks for its libraries as they were then. */
const MOST_AGE_MS = 600_000
/** The result of a run goes out before the next box is started. */
const PAUSE_MS = 2
/** A program that does not come to wait that often in a row never will. */
const MOST_FAILURES = 3
const CORES = availableParallelism()

/**
 * Starts boxes one at a time, and only while a processor is free: what it costs to start one is the same before a run or within
 * it, and a run never waits for it.
 */
export function openWaitingBoxes(ground: Ground, running: () => number): WaitingBoxes {
  const pool: Pool = { ground, running, kept: new Map(), alive: new Set(), starting: false, closed: false }
  return {
    keep(name, spec) {
      const before = pool.kept.get(name)
      pool.kept.delete(name)
      if (before) endAll(before)
      return spec ? new Promise((resolve) => {
        pool.kept.set(name, { spec, waiting: [], failures: 0, settle: resolve })
        fillSoon(pool)
      }) : Promise.resolve()
    },
    take(spec) {
      const of = spec.warm === undefined ? undefined : pool.kept.get(spec.warm)
      const box = of && fits(spec, of.spec) ? of.waiting.shift() : undefined
      box?.started.child.ref()
      box?.started.channel.ref()
      return box
    },
    onRunEnded: () => fillSoon(pool),
    async close() {
      pool.closed = true
      clearTimeout(pool.timer)
      pool.kept.forEach(endAll)
      await Promise.all(pool.alive)
    },
  }
}

function endAll(kept: Kept): void {
  kept.settle()
  for (const { started } of kept.waiting.splice(0)) endBox(started)
}

function fillSoon(pool: Pool): void {
  if (pool.timer || pool.closed) return
  pool.timer = setTimeout(() => {
    pool.timer = undefined
    const next = neediest(pool.kept.values())
    if (next && !pool.starting && pool.running() < CORES) void fill(pool, next)
  }, PAUSE_MS)
}

async function fill(pool: Pool, of: Kept): Promise<void> {
  pool.starting = true
  const box = await startOne(pool, of).catch(() => undefined)
  pool.starting = false
  of.failures = box ? 0 : of.failures + 1
  if (box || of.failures >= MOST_FAILURES) of.settle()
  fillSoon(pool)
}

async function startOne(pool: Pool, of: Kept): Promise<WaitingBox | undefined> {
  const { ready, gone } = startWaiting(pool.ground, of.spec)
  pool.alive.add(gone)
  void gone.then(() => pool.alive.delete(gone))
  const box = await ready
  if (!box) return undefined
  const isWanted = !pool.closed && [...pool.kept.values()].includes(of)
  if (!isWanted) endBox(box.started)
  else letWait(of, { box, gone, onLoss: () => fillSoon(pool) })
  return box
}

/** It does not keep the process alive, and does not wait for ever. */
function letWait({ waiting }: Kept, { box, gone, onLoss }: { box: WaitingBox, gone: Promise<void>, onLoss: () => void }): void {
  const lose = () => {
    const at = waiting.indexOf(box)
    if (at >= 0) waiting.splice(at, 1)
    return at >= 0
  }
  waiting.push(box)
  box.started.child.unref()
  box.started.channel.unref()
  const tooOld = setTimeout(() => {
    if (lose()) endBox(box.started)
  }, MOST_AGE_MS).unref()
  void gone.then(() => {
    clearTimeout(tooOld)
    lose()
    onLoss()
  })
}

/** Of those that want more, the one with the smallest share of what it wants. */
function neediest(kept: Iterable<Kept>): Kept | undefined {
  const share = ({ waiting, spec }: Kept) => waiting.length / spec.atMost
  return [...kept].filter(each => each.failures < MOST_FAILURES && share(each) < 1).sort((a, b) => share(a) - share(b))[0]
}
