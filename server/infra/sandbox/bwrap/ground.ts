import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBoxFolder, type BoxFolder } from '../box-folder.ts'
import { openBoxUsers } from '../box-users.ts'
import { NO_CGROUPS, openCgroups, type BoxCgroup, type Cgroups } from '../cgroups.ts'
import type { BoxLimits } from '../driver.ts'
import { findShim } from '../find-shim.ts'
import { buildFilter, type FilterArch } from '../seccomp.ts'
import { topOfHost } from './arguments.ts'
import { findBwrap, type FoundBwrap } from './find-bwrap.ts'
import { prepareMounts } from './reachable-mounts.ts'

export interface BwrapOptions {
  /** PATH to look for bwrap on, beside the usual folders. */
  searchPath?: string
  /** `none`: as on a machine without cgroups. */
  cgroups?: 'auto' | 'none'
  /** The shim's program; default: the prebuilt one, else one built now. */
  shim?: Uint8Array
}

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

/** What one box has of this machine for itself. */
export interface BoxPlace {
  /** 0: the worker's own user. */
  uid: number
  cgroup?: BoxCgroup
  /** To be called when nothing is left of the box. */
  leave(): void
}

/** Makes what all boxes of this process need. Throws, with what to do, where that cannot be had. */
export async function openGround(options: BwrapOptions): Promise<Ground> {
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

/** A user and a cgroup for one box. */
export function takePlace(ground: Ground, limits: Pick<BoxLimits, 'memoryBytes' | 'processes'>): BoxPlace {
  const cgroup = ground.cgroups.make(limits)
  const user = ground.users?.()
  const leave = () => {
    cgroup?.remove()
    user?.release()
  }
  return { uid: user?.uid ?? 0, cgroup, leave }
}
