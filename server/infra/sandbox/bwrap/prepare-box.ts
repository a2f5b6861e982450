import { availableParallelism } from 'node:os'
import type { BoxSpec, WarmSpec } from '../driver.ts'
import { encodeOrder } from '../wire.ts'
import { BOX_ENV, boxArguments } from './arguments.ts'
import type { BoxPlace, Ground } from './ground.ts'
import type { PreparedBox } from './run-box.ts'
import type { StartedBox } from './start-box.ts'

/** Memory that a process may have reserved beyond its limit where only looking at it tells; what it uses is told first. */
const BURST_BYTES = 256 * 1024 * 1024
const pages = (bytes: number) => Math.ceil(bytes / 4096) * 4096
/** Room for what a run brings comes in steps of this size, so that boxes which wait have it before they know. */
const ROOM_BYTES = 128 * 1024

const brings = (spec: Pick<BoxSpec, 'files' | 'stdin'>) => spec.files.reduce((sum, file) => sum + pages(file.content.length), pages(spec.stdin.length))

/** Size of /work and of /tmp: the limit, and room for what was brought. */
export const sizeOfDisk = (spec: BoxSpec): number => spec.limits.diskBytes + Math.ceil(brings(spec) / ROOM_BYTES) * ROOM_BYTES
/** The same for a box that waits: it fits what brings a little. */
export const sizeOfWaitingDisk = (spec: WarmSpec): number => spec.limits.diskBytes + ROOM_BYTES

/** How to start a box of this layout. */
export function launchBox(ground: Ground, layout: Pick<BoxSpec, 'mounts'> & { diskBytes: number }, place: BoxPlace): { command: string, args: string[] } {
  const { mounts, shown } = ground.reach(layout.mounts)
  const args = boxArguments({ bwrap: ground.bwrap, etc: ground.folder.etc, empty: ground.folder.empty, mounts, diskBytes: layout.diskBytes }, ground.top)
  const joins = place.cgroup?.join ?? []
  const { folder, procs } = place.cgroup?.birthplace ?? { folder: '-', procs: '-' }
  const launch = ['launch', String(place.uid), String(place.uid), ground.filter, folder, procs, String(joins.length), ...joins, String(shown.length / 2), ...shown]
  return { command: ground.folder.shim, args: [...launch, ground.bwrap.path, ...args] }
}

/** A box for this run: a new one, or `waiting`, whose program was started with argv and environment already. */
export function prepareBox(options: { ground: Ground, spec: BoxSpec, place: BoxPlace, waiting?: StartedBox }): PreparedBox {
  const { ground, spec, place, waiting } = options
  const start = waiting ?? launchBox(ground, { mounts: spec.mounts, diskBytes: sizeOfDisk(spec) }, place)
  const program = waiting ? { argv: [], env: {} } : { argv: spec.argv, env: { ...BOX_ENV, ...spec.env } }
  const order = encodeOrder({ ...spec, ...program, ...limitsOfOrder(spec, place) })
  return { start, order, limits: spec.limits, cgroup: place.cgroup, cores: availableParallelism(), collect: spec.collect?.path }
}

function limitsOfOrder(spec: BoxSpec, { cgroup }: BoxPlace) {
  const { limits } = spec
  const alone = cgroup === undefined
  const entries = spec.files.reduce((sum, file) => sum + file.path.split('/').length, 4)
  return {
    wallMs: limits.wallMs, cpuMs: limits.cpuMs, memoryBytes: limits.memoryBytes, outputBytes: limits.outputBytes,
    diskBytes: limits.diskBytes + brings(spec), inodes: limits.inodes + entries,
    // The shim is one of them.
    processes: alone ? limits.processes + 1 : 0,
    watchUsage: alone,
    addressSpaceBytes: alone && spec.limitAddressSpace !== false ? limits.memoryBytes + BURST_BYTES : 0,
  }
}

/** What starts a program that waits: no limit of its own yet, nothing of anybody's. The cgroup holds it from the first moment. */
export function orderToWait(spec: WarmSpec): Buffer[] {
  return encodeOrder({
    argv: spec.argv, env: { ...BOX_ENV, ...spec.env }, files: [{ path: spec.source, content: new Uint8Array() }], stdin: new Uint8Array(), waits: true,
    wallMs: 0, cpuMs: 0, memoryBytes: spec.limits.memoryBytes, outputBytes: 0, diskBytes: sizeOfWaitingDisk(spec), inodes: 0,
    processes: 0, watchUsage: false, addressSpaceBytes: 0,
  })
}
