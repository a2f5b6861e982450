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

/** Runs a box and gathers what is learnt about it. Rejects when nothing could be started. */
export function runBox(box: PreparedBox, events: BoxEvents): Promise<Evidence> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[], collected: [] as Buffer[] }
    let report: ShimReport | undefined
    let complaint = ''
    let endedFor: Evidence['endedFor']
    // Apart from the worker's process group: Ctrl-C is for the worker, which then ends its boxes.
    const child = spawn(box.command, box.args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], env: {}, cwd: '/', detached: true })
    const channel = child.stdio[3] as Duplex
    const end = (why: NonNullable<Evidence['endedFor']>) => {
      if (report || endedFor) return
      endedFor = why
      endBox(child, channel)
    }
    const abort = () => end('abort')
    const stops = [afterMs(box.limits.wallMs + GRACE_MS, () => end('wall')), watchCpu(box, () => end('cpu'))]
    events.signal?.addEventListener('abort', abort, { once: true })

    channel.on('error', () => {})
    channel.on('data', readFrames((kind, bytes) => {
      if (kind === 'status') report = JSON.parse(bytes.toString('latin1')) as ShimReport
      else if (kind === 'fatal') complaint += bytes.toString('utf8')
      else output[kind].push(bytes)
      if (kind === 'stdout' || kind === 'stderr') events.onOutput?.(kind, bytes)
    }, text => complaint += complaint.length < 4096 ? text : ''))
    for (const part of box.order) channel.write(part)

    const settle = () => {
      stops.forEach(stop => stop())
      events.signal?.removeEventListener('abort', abort)
    }
    child.once('error', (error) => {
      settle()
      reject(error)
    })
    child.once('close', () => {
      settle()
      const [stdout, stderr, collected] = [output.stdout, output.stderr, output.collected].map(parts => Buffer.concat(parts)) as [Buffer, Buffer, Buffer]
      resolve({ limits: box.limits, report, complaint, usage: box.cgroup?.usage(), endedFor, elapsedMs: performance.now() - began, stdout, stderr, collected, collect: box.collect })
    })
  })
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
