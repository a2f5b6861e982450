import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBoxFolder } from '../box-folder.ts'
import { openBoxUsers } from '../box-users.ts'
import { NO_CGROUPS, openCgroups } from '../cgroups.ts'
import type { BoxEvents, BoxOutcome, BoxSpec, SandboxDriver } from '../driver.ts'
import { findShim } from '../find-shim.ts'
import { judgeOutcome } from '../judge-outcome.ts'
import { buildFilter, type FilterArch } from '../seccomp.ts'
import { proveSandbox } from '../self-test.ts'
import { topOfHost } from './arguments.ts'
import { findBwrap } from './find-bwrap.ts'
import { prepareBox, type Ground } from './prepare-box.ts'
import { prepareMounts } from './reachable-mounts.ts'
import { runBox } from './run-box.ts'

export interface BwrapOptions {
  /** PATH to look for bwrap on, beside the usual folders. */
  searchPath?: string
  /** `none`: as on a machine without cgroups. */
  cgroups?: 'auto' | 'none'
  /** The shim's program; default: the prebuilt one, else one built now. */
  shim?: Uint8Array
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

const failed = (spec: BoxSpec, error: unknown): BoxOutcome => judgeOutcome({
  limits: spec.limits, complaint: error instanceof Error ? error.message : String(error), elapsedMs: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0),
})
