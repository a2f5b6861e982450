import { availableParallelism } from 'node:os'
import type { BoxFolder } from '../box-folder.ts'
import type { openBoxUsers } from '../box-users.ts'
import type { BoxCgroup, Cgroups } from '../cgroups.ts'
import type { BoxSpec } from '../driver.ts'
import { encodeOrder } from '../wire.ts'
import { BOX_ENV, boxArguments } from './arguments.ts'
import type { FoundBwrap } from './find-bwrap.ts'
import type { prepareMounts } from './reachable-mounts.ts'
import type { PreparedBox } from './run-box.ts'

/** What this process keeps for all its boxes. */
export interface Ground {
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
 * From what is wished to what is started: limits that the cgroup holds are left to it, the others go to the shim.
 * Throws when a file's path or a text cannot be.
 */
export function prepareBox(ground: Ground, spec: BoxSpec, own: { uid: number, cgroup?: BoxCgroup }): PreparedBox {
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
