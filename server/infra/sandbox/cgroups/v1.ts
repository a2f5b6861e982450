import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BoxCgroup, Cgroups } from '../cgroups.ts'
import { makeWorkerFolder, ownFolder, readNumber, removeTree, writeText } from './find-hierarchies.ts'

const CONTROLLERS = ['memory', 'pids', 'cpuacct'] as const
type Folders = Record<typeof CONTROLLERS[number], string>

/** The monitor of bubblewrap and the shim, which are in the cgroup too. */
export const OWN_PROCESSES = 2

/** Cgroups v1 below our own ones. Undefined where memory, pids or cpuacct is not mounted or not ours to write. */
export function openV1(): Cgroups | undefined {
  const entries = CONTROLLERS.map((name) => {
    const own = ownFolder(name)
    return [name, own && makeWorkerFolder(own)] as const
  })
  if (entries.some(([, path]) => !path)) {
    for (const [, path] of entries) if (path) removeTree(path)
    return undefined
  }
  const folders = Object.fromEntries(entries) as Folders
  let count = 0
  return {
    version: 'v1',
    make: limits => makeBox(Object.fromEntries(CONTROLLERS.map(name => [name, join(folders[name], String(count))])) as Folders, { ...limits, index: count++ }),
    close: () => Object.values(folders).forEach(removeTree),
  }
}

function makeBox(folders: Folders, limits: { memoryBytes: number, processes: number, index: number }): BoxCgroup {
  for (const path of Object.values(folders)) mkdirSync(path, { recursive: true })
  const memory = join(folders.memory, 'memory.limit_in_bytes')
  const both = join(folders.memory, 'memory.memsw.limit_in_bytes')
  const places = isWritable(both) ? [memory, both] : [memory]
  if (places.length === 1) writeText(join(folders.memory, 'memory.swappiness'), '0')
  let most = Infinity
  const change: BoxCgroup['change'] = ({ memoryBytes, processes }) => {
    // The limit of memory with swap may never be below the one of memory alone.
    for (const place of memoryBytes <= most ? places : places.toReversed()) writeText(place, String(memoryBytes))
    most = memoryBytes
    limitSockets(folders.memory, memoryBytes)
    writeText(join(folders.pids, 'pids.max'), String(processes + OWN_PROCESSES))
  }
  change(limits)
  const cpuMs = () => readNumber(join(folders.cpuacct, 'cpuacct.usage')) / 1e6
  return {
    // One thread that moves itself: by `cgroup.procs` the kernel would first wait for every processor (11 ms were seen).
    join: Object.values(folders).map(path => join(path, 'tasks')),
    cpuMs, change,
    usage: () => ({
      oomKills: readNumber(join(folders.memory, 'memory.oom_control'), 'oom_kill'),
      peakBytes: readNumber(join(folders.memory, 'memory.max_usage_in_bytes')),
      cpuMs: cpuMs(),
      processesRefused: readNumber(join(folders.pids, 'pids.events'), 'max'),
    }),
    remove: () => Object.values(folders).forEach(removeTree),
  }
}

/** Part of the limit that connections and datagrams may hold beside it: v1 counts them apart, and without a limit not at all. */
const SOCKET_SHARE = 0.25

function limitSockets(folder: string, memoryBytes: number): void {
  const path = join(folder, 'memory.kmem.tcp.limit_in_bytes')
  if (isWritable(path)) writeText(path, String(Math.floor(memoryBytes * SOCKET_SHARE)))
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  }
  catch {
    return false
  }
}
