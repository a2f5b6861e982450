import { logger } from '#server/infra/logger.ts'
import type { Outcome } from '#server/domain/engine/retry-policy.ts'
import type { JobType } from '#shared/job-types.ts'
import type { FromOutside } from './messages.ts'
import type { Outsider, Spawn } from './spawn.ts'

/** One run to be done outside. */
export interface OutsideTask {
  type: JobType
  payload: unknown
  run: number
  failures: number
  /** Called when a thread or process begins with it, which may be later than it was given, and twice. */
  onStart(): void
  progress(share: number): void
  log(text: string): void
}

export interface OutsideRun {
  /** Its outcome; `crash` when the thread or process died of it. Never rejects. */
  outcome: Promise<Outcome>
  abort(reason: string): void
  /** Ends it without asking: this is its outcome. */
  force(outcome: Outcome): void
}

export interface OutsidePool {
  run(task: OutsideTask): OutsideRun
  /** Ends all that idle and all that run. */
  close(): void
}

interface Job { task: OutsideTask, settle(outcome: Outcome): void, over: boolean, seat?: Seat, wantsFresh?: boolean }
/** A thread or process and what it does. `runs` counts the jobs it was given, `n` numbers the present one. */
interface Seat { outsider: Outsider, ready: boolean, runs: number, n: number, job?: Job, dying?: string, idleTimer?: NodeJS.Timeout }
interface Pool { spawn: Spawn, size: number, memoryMb: number, seats: Set<Seat>, idle: Seat[], waiting: Job[], numbered: number }

/** After so many runs, or with so much of its memory kept, a thread or process is replaced: leaks stay small. */
const MAX_RUNS = 1000
const KEPT_MEMORY_SHARE = 0.5
/** One that has had nothing to do for so long goes. */
const IDLE_MS = 60_000
/** How long a job waits when no thread or process could be started for it. */
const START_AGAIN_MS = 5000

/**
 * At most `size` threads or processes, started when needed and used again. One that dies takes only its own run with it,
 * and proves something about that run only if it had served no other before: else the run is tried again in a fresh one.
 */
export function createOutsidePool(options: { spawn: Spawn, size: number, memoryMb: number }): OutsidePool {
  const pool: Pool = { ...options, seats: new Set(), idle: [], waiting: [], numbered: 0 }
  return {
    run(task) {
      const { promise, resolve } = Promise.withResolvers<Outcome>()
      const job: Job = { task, settle: resolve, over: false }
      pool.waiting.push(job)
      fill(pool)
      return {
        outcome: promise,
        abort: reason => job.seat?.outsider.send({ kind: 'abort', n: job.seat.n, reason }),
        force: outcome => force(pool, job, outcome),
      }
    },
    close() {
      for (const seat of pool.seats) seat.outsider.kill()
    },
  }
}

/** Gives waiting jobs to whoever is free. */
function fill(pool: Pool): void {
  for (let job = pool.waiting[0]; job; job = pool.waiting[0]) {
    if (job.wantsFresh && pool.seats.size >= pool.size && pool.idle.length > 0) dismiss(pool, pool.idle.pop()!)
    const seat = (job.wantsFresh ? undefined : pool.idle.pop()) ?? (pool.seats.size < pool.size ? open(pool) : undefined)
    if (!seat) return
    pool.waiting.shift()
    begin(pool, seat, job)
  }
}

function open(pool: Pool): Seat {
  const seat: Seat = {
    outsider: pool.spawn({ onMessage: message => hear(pool, seat, message), onEnd: how => bury(pool, seat, how) }), ready: false, runs: 0, n: 0,
  }
  pool.seats.add(seat)
  return seat
}

function begin(pool: Pool, seat: Seat, job: Job): void {
  const { type, payload, run, failures } = job.task
  clearTimeout(seat.idleTimer)
  seat.job = job
  job.seat = seat
  seat.runs++
  seat.n = ++pool.numbered
  job.task.onStart()
  seat.outsider.send({ kind: 'run', n: seat.n, type, payload, run, failures })
}

function hear(pool: Pool, seat: Seat, message: FromOutside): void {
  if (message.kind === 'ready') seat.ready = true
  if (message.kind === 'dying') seat.dying = message.error
  if (!('n' in message) || message.n !== seat.n || !seat.job) return
  if (message.kind === 'progress') return seat.job.task.progress(message.share)
  if (message.kind === 'log') return seat.job.task.log(message.text)
  end(seat.job, message.outcome)
  seat.job = undefined
  if (seat.runs >= MAX_RUNS || message.heapMb > pool.memoryMb * KEPT_MEMORY_SHARE) dismiss(pool, seat)
  else if (pool.seats.has(seat)) rest(pool, seat)
  fill(pool)
}

function rest(pool: Pool, seat: Seat): void {
  pool.idle.push(seat)
  seat.idleTimer = setTimeout(() => dismiss(pool, seat), IDLE_MS).unref()
}

/** A thread or process is gone. */
function bury(pool: Pool, seat: Seat, how: string): void {
  leave(pool, seat)
  const { job, dying } = seat
  seat.job = undefined
  if (job && !job.over) {
    const error = dying ? `${how} It threw outside of its processor: ${dying}` : how
    if (seat.runs > 1) retryInFresh(pool, job)
    else if (seat.ready) end(job, { kind: 'crash', error })
    else {
      logger().error({ error }, 'nothing could be started to run a job in; it is tried again')
      end(job, { kind: 'snooze', delayMs: START_AGAIN_MS })
    }
  }
  fill(pool)
}

function retryInFresh(pool: Pool, job: Job): void {
  job.wantsFresh = true
  job.seat = undefined
  pool.waiting.unshift(job)
}

function force(pool: Pool, job: Job, outcome: Outcome): void {
  const at = pool.waiting.indexOf(job)
  if (at >= 0) pool.waiting.splice(at, 1)
  end(job, outcome)
  if (job.seat?.job === job) dismiss(pool, job.seat)
  fill(pool)
}

function dismiss(pool: Pool, seat: Seat): void {
  leave(pool, seat)
  seat.outsider.kill()
}

function leave(pool: Pool, seat: Seat): void {
  clearTimeout(seat.idleTimer)
  pool.seats.delete(seat)
  const at = pool.idle.indexOf(seat)
  if (at >= 0) pool.idle.splice(at, 1)
}

function end(job: Job, outcome: Outcome): void {
  if (job.over) return
  job.over = true
  job.settle(outcome)
}
