import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { openBoxFolder, type BoxFolder } from '../box-folder.ts'
import { openBoxUsers } from '../box-users.ts'
import { NO_CGROUPS, openCgroups, type BoxCgroup, type Cgroups } from '../cgroups.ts'
import type { BoxEvents, BoxOutcome, BoxSpec, SandboxDriver } from '../driver.ts'
import { findShim } from '../find-shim.ts'
import { judgeOutcome } from '../judge-outcome.ts'
import { buildFilter, type FilterArch } from '../seccomp.ts'
import { proveSandbox } from '../self-test.ts'
import { encodeOrder } from '../wire.ts'
import { BOX_ENV, boxArguments, topOfHost } from './arguments.ts'
import { findBwrap, type FoundBwrap } from './find-bwrap.ts'
import { prepareMounts } from './reachable-mounts.ts'
import { runBox, type PreparedBox } from './run-box.ts'

export interface BwrapOptions {
  /** PATH to look for bwrap on, beside the usual folders. */
  searchPath?: string
  /** `none`: as on a machine without cgroups. */
  cgroups?: 'auto' | 'none'
  /** The shim's program; default: the prebuilt one, else one built now. */
  shim?: Uint8Array
}

/** What this process keeps for all its boxes. */
interface Ground {
  bwrap: FoundBwrap
  folder: BoxFolder
  filter: string
  top: string[]
  cgroups: Cgroups
  users: ReturnType<typeof openBoxUsers>
  reach: ReturnType<typeof prepareMounts>
  close(): void
}

/**
 * Boxes made with bubblewrap. Nothing happens before the first `probe` or `run`; what they need on this machine (a folder in
 * the temporary folder, a cgroup) is removed by `close`, by the exit of the process, or, after a kill, by the next start.
 */
export function openBwrap(options: BwrapOptions = {}): SandboxDriver {
  let opening: Promise<Ground> | undefined
  const running = new Set<{ abort: AbortController, gone: Promise<void> }>()
  const open = () => opening ??= openGround(options)

  const run = async (spec: BoxSpec, events: BoxEvents = {}): Promise<BoxOutcome> => {
    const abort = new AbortController()
    const signal = events.signal ? AbortSignal.any([events.signal, abort.signal]) : abort.signal
    const box = { abort, gone: Promise.resolve() }
    running.add(box)
    try {
      const started = runIn(await open(), spec, { ...events, signal })
      box.gone = started.gone
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
    run,
    probe: () => proveSandbox({ run, open }),
    prepare: () => Promise.resolve(),
    close: async () => {
      for (const box of running) box.abort.abort()
      while (running.size) await Promise.all([...running].map(box => box.gone))
      const ground = await opening?.catch(() => undefined)
      ground?.close()
    },
  }
}

async function openGround(options: BwrapOptions): Promise<Ground> {
  const bwrap = await findBwrap(options.searchPath)
  const folder = openBoxFolder(options.shim ?? findShim())
  const cgroups = options.cgroups === 'none' ? NO_CGROUPS : openCgroups()
  const filter = join(folder.path, 'filter')
  writeFileSync(filter, buildFilter({ arch: process.arch as FilterArch, memfd: cgroups.version !== 'none' }), { mode: 0o444 })
  const users = openBoxUsers()
  const clean = () => {
    cgroups.close()
    folder.remove()
  }
  process.once('exit', clean)
  const close = () => {
    process.removeListener('exit', clean)
    clean()
  }
  return { bwrap, folder, filter, top: topOfHost(), cgroups, users, reach: prepareMounts(folder, users !== undefined), close }
}

function runIn(ground: Ground, spec: BoxSpec, events: BoxEvents): { outcome: Promise<BoxOutcome>, gone: Promise<void> } {
  if (events.signal?.aborted) {
    const outcome = judgeOutcome({ limits: spec.limits, complaint: '', endedFor: 'abort', elapsedMs: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) })
    return { outcome: Promise.resolve(outcome), gone: Promise.resolve() }
  }
  const user = ground.users?.()
  const cgroup = ground.cgroups.make(spec.limits)
  const clean = () => {
    cgroup?.remove()
    user?.release()
  }
  try {
    const box = runBox(prepareBox(ground, spec, { uid: user?.uid ?? 0, cgroup }), events)
    return { outcome: box.evidence.then(judgeOutcome), gone: box.gone.then(clean) }
  }
  catch (error) {
    clean()
    throw error
  }
}

function prepareBox(ground: Ground, spec: BoxSpec, own: { uid: number, cgroup?: BoxCgroup }): PreparedBox {
  const { limits } = spec
  const { mounts, shown } = ground.reach(spec.mounts)
  const brought = spec.files.reduce((sum, file) => sum + pages(file.content.length), pages(spec.stdin.length))
  const diskBytes = limits.diskBytes + brought
  const entries = spec.files.reduce((sum, file) => sum + file.path.split('/').length, 4)
  const args = boxArguments({ bwrap: ground.bwrap, etc: ground.folder.etc, empty: ground.folder.empty, mounts, diskBytes }, ground.top)
  const joins = own.cgroup?.join ?? []
  const { folder, procs } = own.cgroup?.birthplace ?? { folder: '-', procs: '-' }
  const alone = own.cgroup === undefined
  return {
    command: ground.folder.shim,
    args: ['launch', String(own.uid), String(own.uid), ground.filter, folder, procs, String(joins.length), ...joins, String(shown.length / 2), ...shown, ground.bwrap.path, ...args],
    order: encodeOrder({
      ...spec, wallMs: limits.wallMs, cpuMs: limits.cpuMs, memoryBytes: limits.memoryBytes, outputBytes: limits.outputBytes,
      env: { ...BOX_ENV, ...spec.env },
      diskBytes, inodes: limits.inodes + entries,
      // The shim is one of them.
      processes: alone ? limits.processes + 1 : 0,
      watchUsage: alone,
      addressSpaceBytes: alone && spec.limitAddressSpace !== false ? limits.memoryBytes + BURST_BYTES : 0,
    }),
    limits, cgroup: own.cgroup, cores: availableParallelism(), collect: spec.collect?.path,
  }
}

/** Memory that a process may have reserved beyond its limit where only looking at it tells; what it uses is told first. */
const BURST_BYTES = 256 * 1024 * 1024
const pages = (bytes: number) => Math.ceil(bytes / 4096) * 4096

const failed = (spec: BoxSpec, error: unknown): BoxOutcome => judgeOutcome({
  limits: spec.limits, complaint: error instanceof Error ? error.message : String(error), elapsedMs: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0),
})
