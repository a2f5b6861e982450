import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BoxCgroup, Cgroups } from '../cgroups.ts'
import { makeWorkerFolder, ownFolder, readNumber, readText, removeTree, writeText } from './find-hierarchies.ts'
import { OWN_PROCESSES } from './v1.ts'

const NEEDED = ['memory', 'pids']
const words = (path: string) => (readText(path) ?? '').trim().split(/\s+/)
const gives = (folder: string) => NEEDED.every(name => words(join(folder, 'cgroup.subtree_control')).includes(name))

/**
 * Cgroups v2. Tried in this order: below a cgroup that hands memory and pids on already (the root of the machine, or a
 * delegated one whose processes sit in leaves), then below our own one after moving ourselves into a leaf (a container, a
 * systemd unit with Delegate=yes that holds nothing but us). Undefined where neither is allowed.
 */
export function openV2(own = ownFolder('')): Cgroups | undefined {
  if (!own) return undefined
  const parent = [own, dirname(own), rootOf(own)].find(folder => existsSync(join(folder, 'cgroup.procs')) && gives(folder) && canMake(folder)) ?? moveToLeaf(own)
  const folder = parent && makeWorkerFolder(parent)
  if (!folder) return undefined
  try {
    writeText(join(folder, 'cgroup.subtree_control'), NEEDED.map(name => `+${name}`).join(' '))
  }
  catch {
    removeTree(folder)
    return undefined
  }
  let count = 0
  return { version: 'v2', make: limits => makeBox(join(folder, String(count++)), limits), close: () => removeTree(folder) }
}

/** The topmost cgroup in sight. */
function rootOf(folder: string): string {
  let at = folder
  while (existsSync(join(dirname(at), 'cgroup.procs'))) at = dirname(at)
  return at
}

function canMake(parent: string): boolean {
  const folder = makeWorkerFolder(parent)
  if (!folder) return false
  try {
    writeText(join(folder, 'cgroup.subtree_control'), NEEDED.map(name => `+${name}`).join(' '))
    return true
  }
  catch {
    removeTree(folder)
    return false
  }
}

/** A cgroup that hands controllers on may not hold processes itself. Only ourselves and our parents are moved, never strangers. */
function moveToLeaf(own: string): string | undefined {
  const leaf = join(own, 'bespin-worker')
  try {
    if (!NEEDED.every(name => words(join(own, 'cgroup.controllers')).includes(name))) return undefined
    const ours = new Set(family())
    const inside = words(join(own, 'cgroup.procs')).filter(Boolean)
    if (inside.some(pid => !ours.has(Number(pid)))) return undefined
    mkdirSync(leaf, { recursive: true })
    for (const pid of inside) writeText(join(leaf, 'cgroup.procs'), pid)
    writeText(join(own, 'cgroup.subtree_control'), NEEDED.map(name => `+${name}`).join(' '))
    return own
  }
  catch {
    return undefined
  }
}

/** This process and the ones it descends from. */
function family(): number[] {
  const pids: number[] = []
  for (let pid = process.pid; pid > 0;) {
    pids.push(pid)
    pid = Number(readText(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')[1] ?? 0)
  }
  return pids
}

function makeBox(folder: string, limits: { memoryBytes: number, processes: number }): BoxCgroup {
  mkdirSync(folder, { recursive: true })
  const swap = join(folder, 'memory.swap.max')
  if (existsSync(swap)) writeText(swap, '0')
  const change: BoxCgroup['change'] = ({ memoryBytes, processes }) => {
    writeText(join(folder, 'memory.max'), String(memoryBytes))
    writeText(join(folder, 'pids.max'), String(processes + OWN_PROCESSES))
  }
  change(limits)
  const cpuMs = () => readNumber(join(folder, 'cpu.stat'), 'usage_usec') / 1000
  const peak = join(folder, 'memory.peak')
  return {
    join: [],
    birthplace: { folder, procs: join(folder, 'cgroup.procs') },
    cpuMs, change,
    usage: () => ({
      oomKills: readNumber(join(folder, 'memory.events'), 'oom_kill'),
      // Kernels before 5.19 do not tell.
      peakBytes: existsSync(peak) ? readNumber(peak) : null,
      cpuMs: cpuMs(),
      processesRefused: readNumber(join(folder, 'pids.events'), 'max'),
    }),
    remove: () => removeTree(folder),
  }
}
