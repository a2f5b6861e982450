import { readFileSync } from 'node:fs'

/** Above every range that distributions and systemd give out (systemd's UIDS-GIDS: 1879048192 to 2147483647 belong to nobody). */
const FIRST = 1_879_100_000
const PER_WORKER = 256
const WORKERS = 4096

/**
 * Users of this machine for boxes, a different one for each that runs at the same time: what the kernel counts per user
 * (processes, keys, locked memory) is then apart. Undefined where the worker is not root: boxes run as itself.
 */
export function openBoxUsers(pid: number = process.pid): (() => { uid: number, release: () => void }) | undefined {
  if (process.getuid?.() !== 0) return undefined
  const first = firstUser(pid)
  const taken = new Set<number>()
  return () => {
    let slot = 0
    while (taken.has(slot)) slot++
    taken.add(slot)
    return { uid: first + slot % PER_WORKER, release: () => taken.delete(slot) }
  }
}

/** In a container only some ids may exist; there the topmost of those are taken. */
function firstUser(pid: number): number {
  const first = FIRST + (pid % WORKERS) * PER_WORKER
  const ranges = ['uid', 'gid'].map(kind => readFileSync(`/proc/self/${kind}_map`, 'utf8').trim().split('\n').map(line => line.trim().split(/\s+/).map(Number)))
  if (ranges.every(lines => lines.some(([inside = 0, , count = 0]) => inside <= first && first + PER_WORKER <= inside + count))) return first
  const ends = ranges.map(lines => Math.max(...lines.map(([inside = 0, , count = 0]) => inside + count)))
  return Math.max(1, Math.min(...ends) - 2 * PER_WORKER)
}
