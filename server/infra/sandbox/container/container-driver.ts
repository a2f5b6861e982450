import type { BoxEvents, BoxOutcome, BoxSpec, SandboxDriver, SandboxProof } from '../driver.ts'
import { buildFilter, type FilterArch } from '../seccomp.ts'
import { checkHello } from './check-hello.ts'
import { findEngine, type ContainerEngine } from './container-engine.ts'
import { containerFlags, shapeOf, type ContainerShape } from './container-flags.ts'
import { describeOutcome, untold } from './describe-outcome.ts'
import { encodeSpec, type EntryHello } from './frames.ts'
import { probeContainers } from './probe-containers.ts'
import { newName, ownLabels, removeLeftovers } from './remove-leftovers.ts'
import { startContainer, type StartedContainer } from './started-container.ts'
import { waitingContainers, type WaitingContainers } from './waiting-containers.ts'

export interface ContainerDriverOptions {
  /** Program that makes containers, with arguments behind it; default: `docker`, else `podman`, as found on PATH. */
  command?: string | undefined
  /** Image built from deploy/sandbox/Dockerfile. */
  image: string
  /** The environment in which the engine's command finds its engine. */
  env: Record<string, string>
  /** How many containers may wait for programs. */
  waiting?: number
}

/** How many containers wait by default: one for each core of a small machine. */
const WAITING = 2
/** How much longer than its limit a run may take before this side ends it. */
const GRACE_MS = 2_000
const NOTHING = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }

const ARCHS: Record<string, FilterArch | undefined> = { x86_64: 'x64', aarch64: 'arm64' }

/** The filter for what runs, by the processor of the containers (not of the worker: the engine may be far from it). */
function filterFor(machine: string): Buffer {
  const arch = ARCHS[machine]
  if (!arch) throw new Error(`containers of the architecture ${machine} are not supported: there is no filter of system calls for it`)
  return FILTERS[arch] ??= buildFilter({ arch, memfd: true })
}
const FILTERS: Partial<Record<FilterArch, Buffer>> = {}

interface Found { engine: ContainerEngine, containers: WaitingContainers }

/** Runs each program in a container of its own, made by Docker or Podman. */
export function createContainerDriver(options: ContainerDriverOptions): SandboxDriver {
  let found: Found | undefined
  let cgroups: SandboxProof['cgroups'] = 'none'
  const start = (engine: ContainerEngine, shape: ContainerShape): StartedContainer => {
    const name = newName()
    return startContainer(engine, name, containerFlags(shape, { name, labels: ownLabels(), image: options.image, engine: engine.kind }))
  }
  const find = async (): Promise<Found> => {
    if (found) return found
    const answer = await findEngine(options.command, options.env)
    if ('complaints' in answer) throw new Error(answer.complaints.join('; ') || 'neither docker nor podman is on PATH')
    const { engine } = answer
    found ??= { engine, containers: waitingContainers({ most: options.waiting ?? WAITING, start: shape => start(engine, shape) }) }
    return found
  }
  const driver: SandboxDriver = {
    name: 'container',
    probe: () => probeContainers({ image: options.image, find: async () => (await find()).engine, removeLeftovers, driver, cgroups: () => cgroups }),
    // Interpreters do not wait in containers; containers do.
    prepare: () => Promise.resolve(),
    async run(spec, events) {
      try {
        return await runInContainer({ spec, events: events ?? {}, containers: (await find()).containers, onHello: hello => { cgroups = hello.cgroups } })
      }
      catch (error) {
        return untold({ status: 'internal_error', notes: [error instanceof Error ? error.message : String(error)], printed: NOTHING, wallMs: 0 })
      }
    },
    close: async () => { await found?.containers.close() },
  }
  return driver
}

async function runInContainer(run: { spec: BoxSpec, events: BoxEvents, containers: WaitingContainers, onHello(hello: EntryHello): void }): Promise<BoxOutcome> {
  const { spec, events, containers } = run
  if (events.signal?.aborted) return untold({ status: 'canceled', notes: [], printed: NOTHING, wallMs: 0 })
  const shape = shapeOf(spec)
  const container = containers.take(shape)
  let forced: 'canceled' | 'time_limit' | null = null
  const force = (reason: 'canceled' | 'time_limit') => {
    forced ??= reason
    container.end()
  }
  const cancel = () => force('canceled')
  events.signal?.addEventListener('abort', cancel, { once: true })
  const kept: { stdout: Buffer[], stderr: Buffer[] } = { stdout: [], stderr: [] }
  let clock: NodeJS.Timeout | undefined
  try {
    const hello = await container.ready.catch((error: unknown) => {
      if (!forced) throw error
    })
    const wrong = hello && checkHello(hello, shape)
    if (wrong) throw new Error(wrong)
    if (hello) run.onHello(hello)
    const input = hello ? encodeSpec(spec, filterFor(hello.machine)) : Buffer.alloc(0)
    const startedAt = performance.now()
    clock = setTimeout(() => force('time_limit'), spec.limits.wallMs + GRACE_MS)
    const answer = await container.run(input, (stream, bytes) => {
      kept[stream].push(bytes)
      events.onOutput?.(stream, bytes)
    })
    const printed = { stdout: Buffer.concat(kept.stdout), stderr: Buffer.concat(kept.stderr) }
    return describeOutcome({ answer, spec, printed, wallMs: performance.now() - startedAt, forced })
  }
  finally {
    clearTimeout(clock)
    events.signal?.removeEventListener('abort', cancel)
    // After a result nothing runs in it any more; this lets go of its input.
    container.end()
    containers.refill(shape)
  }
}
