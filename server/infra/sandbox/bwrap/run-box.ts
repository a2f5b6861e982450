import type { BoxCgroup } from '../cgroups.ts'
import type { BoxEvents, BoxLimits } from '../driver.ts'
import type { Evidence } from '../judge-outcome.ts'
import type { ShimReport } from '../wire.ts'
import { endBox, startBox, type BoxEars, type StartedBox } from './start-box.ts'

/** One box that is about to run. */
export interface PreparedBox {
  /** `launch` of the shim with everything behind it, or a box that was started before and waits for its order. */
  start: { command: string, args: string[] } | StartedBox
  /** For the shim: see encodeOrder. */
  order: Buffer[]
  limits: BoxLimits
  cgroup?: BoxCgroup
  cores: number
  collect?: string
}

/** Building a box and taking it down may take so long on a busy machine; then it is ended from outside. */
const GRACE_MS = 5000
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
  const hearing = listen(events)
  const started = 'child' in box.start ? box.start : startBox(box.start, hearing.ears)
  started.ears = hearing.ears
  for (const part of box.order) started.channel.write(part)
  let endedFor: Evidence['endedFor']
  const end = (why: NonNullable<Evidence['endedFor']>) => {
    if (endedFor) return
    endedFor = why
    endBox(started)
  }
  const abort = () => end('abort')
  const stops = [afterMs(box.limits.wallMs + GRACE_MS, () => end('wall')), watchCpu(box, () => end('cpu'))]
  events.signal?.addEventListener('abort', abort, { once: true })

  const evidence = Promise.race([hearing.report, started.gone.then(hearing.now)]).finally(() => {
    stops.forEach(stop => stop())
    events.signal?.removeEventListener('abort', abort)
  })
  return {
    evidence: evidence.then(heard => ({ ...heard, limits: box.limits, usage: box.cgroup?.usage(), endedFor, elapsedMs: performance.now() - began, collect: box.collect, mode: 'child' in box.start ? 'warm' : 'cold' })),
    gone: started.gone.catch(() => {}),
  }
}

type Heard = Pick<Evidence, 'report' | 'complaint' | 'stdout' | 'stderr' | 'collected'>

/** Gathers what a box says. `report` resolves with its last word; `now` answers what was heard so far. */
function listen(events: BoxEvents): { ears: BoxEars, report: Promise<Heard>, now(): Heard } {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[], collected: [] as Buffer[] }
  let report: ShimReport | undefined
  let complaint = ''
  const now = (): Heard => ({ report, complaint, stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr), collected: Buffer.concat(parts.collected) })
  const reported = Promise.withResolvers<Heard>()
  const ears: BoxEars = {
    onFrame(kind, bytes) {
      if (kind === 'fatal') complaint += bytes.toString('utf8')
      else if (kind === 'status') {
        report = JSON.parse(bytes.toString('latin1')) as ShimReport
        reported.resolve(now())
      }
      else if (kind !== 'ready') {
        parts[kind].push(bytes)
        if (kind !== 'collected') complaint += tryTo(() => events.onOutput?.(kind, bytes))
      }
    },
    onText(text) {
      if (complaint.length < MOST_COMPLAINT) complaint += text
    },
  }
  return { ears, report: reported.promise, now }
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
