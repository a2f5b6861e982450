import { spawn, type ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import type { BoxCgroup } from '../cgroups.ts'
import type { BoxEvents, BoxLimits } from '../driver.ts'
import type { Evidence } from '../judge-outcome.ts'
import { readFrames, type ShimReport } from '../wire.ts'

/** One box that is about to run. */
export interface PreparedBox {
  /** `launch` of the shim with everything behind it. */
  command: string
  args: string[]
  /** For the shim: see encodeOrder. */
  order: Buffer[]
  limits: BoxLimits
  cgroup?: BoxCgroup
  cores: number
  collect?: string
}

/** Building a box and taking it down may take so long on a busy machine; then it is ended from outside. */
const GRACE_MS = 5000
/** After a word to the shim, which ends everything and reports what was used; then by force. */
const FORCE_AFTER_MS = 50
/** More of bubblewrap's complaints is not kept. */
const MOST_COMPLAINT = 4096

/** A box that runs. */
export interface RunningBox {
  /** What was learnt: there as soon as every process of the program is gone. Rejects when nothing could be started. */
  evidence: Promise<Evidence>
  /** Resolves when nothing is left of the box itself either; the kernel takes some milliseconds to take its walls down. */
  gone: Promise<void>
}

/** Starts a box, hands on what it prints, and ends it when it is told to or has overdrawn its limits. */
export function runBox(box: PreparedBox, events: BoxEvents): RunningBox {
  const began = performance.now()
  // Apart from the worker's process group: Ctrl-C is for the worker, which then ends its boxes.
  const child = spawn(box.command, box.args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], env: {}, cwd: '/', detached: true })
  const channel = child.stdio[3] as Duplex
  const ended = listen(channel, box.order, events)
  let endedFor: Evidence['endedFor']
  const end = (why: NonNullable<Evidence['endedFor']>) => {
    if (endedFor) return
    endedFor = why
    endBox(child, channel)
  }
  const abort = () => end('abort')
  const stops = [afterMs(box.limits.wallMs + GRACE_MS, () => end('wall')), watchCpu(box, () => end('cpu'))]
  events.signal?.addEventListener('abort', abort, { once: true })

  const gone = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const evidence = Promise.race([ended, gone.then(() => ended.now())]).finally(() => {
    stops.forEach(stop => stop())
    events.signal?.removeEventListener('abort', abort)
  })
  return {
    evidence: evidence.then(heard => ({ ...heard, limits: box.limits, usage: box.cgroup?.usage(), endedFor, elapsedMs: performance.now() - began, collect: box.collect })),
    gone: gone.catch(() => {}),
  }
}

type Heard = Pick<Evidence, 'report' | 'complaint' | 'stdout' | 'stderr' | 'collected'>

/** Sends the order and gathers frames. Resolves with the report; `now` answers what was heard so far. */
function listen(channel: Duplex, order: Buffer[], events: BoxEvents): Promise<Heard> & { now(): Heard } {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[], collected: [] as Buffer[] }
  let report: ShimReport | undefined
  let complaint = ''
  const now = (): Heard => ({ report, complaint, stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr), collected: Buffer.concat(parts.collected) })
  const heard = new Promise<Heard>((resolve) => {
    channel.on('error', () => {})
    channel.on('data', readFrames((kind, bytes) => {
      if (kind === 'fatal') complaint += bytes.toString('utf8')
      else if (kind === 'status') {
        report = JSON.parse(bytes.toString('latin1')) as ShimReport
        resolve(now())
      }
      else {
        parts[kind].push(bytes)
        if (kind !== 'collected') complaint += tryTo(() => events.onOutput?.(kind, bytes))
      }
    }, text => complaint += complaint.length < MOST_COMPLAINT ? text : ''))
    for (const part of order) channel.write(part)
  })
  return Object.assign(heard, { now })
}

/** What is done with output must not end the worker. Answers what went wrong, or nothing. */
function tryTo(act: () => void): string {
  try {
    act()
    return ''
  }
  catch (error) {
    return `its output could not be handed on (${error instanceof Error ? error.message : String(error)})\n`
  }
}

/** The end of the channel tells the shim; bubblewrap takes the rest with it when it has to be killed. */
function endBox(child: ChildProcess, channel: Duplex): void {
  channel.end()
  const stop = afterMs(FORCE_AFTER_MS, () => child.kill('SIGKILL'))
  child.once('close', stop)
}

function afterMs(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, Math.min(ms, 2 ** 31 - 1))
  return () => clearTimeout(timer)
}

/** Looks at the CPU time of a cgroup no earlier than all cores together could have used up what is left. */
function watchCpu({ cgroup, limits, cores }: PreparedBox, act: () => void): () => void {
  if (!cgroup) return () => {}
  let timer: NodeJS.Timeout
  const look = () => {
    const left = limits.cpuMs - cgroup.cpuMs()
    if (left <= 0) return act()
    timer = setTimeout(look, Math.max(5, left / cores))
  }
  timer = setTimeout(look, Math.max(5, limits.cpuMs / cores))
  return () => clearTimeout(timer)
}
