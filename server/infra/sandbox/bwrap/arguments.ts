import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import type { BoxMount } from '../driver.ts'
import type { FoundBwrap } from './find-bwrap.ts'

/** Descriptors that bubblewrap inherits: the worker's channel, and the filter. `launch` (shim/launch.h) puts them there. */
const CHANNEL = 3
const FILTER = 4
const SHM_BYTES = 1024 * 1024

/** What every program finds in its environment, unless its language says otherwise. */
export const BOX_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8', TMPDIR: '/tmp' }

export interface BoxLayout {
  bwrap: FoundBwrap
  /** Folder that is /etc of the box, with the shim in it, and an empty one; both readable by everybody. */
  etc: string
  empty: string
  /** Sources as bubblewrap may reach them. */
  mounts: BoxMount[]
  /** Size of /work and of /tmp, each. */
  diskBytes: number
}

/** The shim inside the box: each mount less is a tenth of a millisecond, so it comes with /etc. */
export const SHIM_IN_BOX = '/etc/.shim'

/** The top of the file system as this machine has it: with merged /usr links, else folders. */
export function topOfHost(): string[] {
  return ['/bin', '/sbin', '/lib', '/lib64', '/lib32', '/libx32'].filter(path => existsSync(path)).flatMap(path =>
    lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path])
}

/**
 * Arguments of bubblewrap for one box: namespaces of its own for everything, a read-only root of /usr and what the language
 * needs, two file systems in memory to write to, no network, no rights, the filter. Order matters to bubblewrap.
 */
export function boxArguments(layout: BoxLayout, top: string[]): string[] {
  const disk = String(Math.max(4096, layout.diskBytes))
  return [
    '--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try',
    ...(layout.bwrap.disablesUserns ? ['--disable-userns'] : []),
    '--uid', '65534', '--gid', '65534', '--hostname', 'sandbox', '--die-with-parent', '--new-session', '--as-pid-1', '--cap-drop', 'ALL',
    '--ro-bind', '/usr', '/usr', ...top, '--ro-bind', layout.etc, '/etc',
    ...PRIVATE.flatMap(path => hide(path, layout)),
    '--proc', '/proc', '--dev', '/dev',
    '--size', String(SHM_BYTES), '--perms', '1777', '--tmpfs', '/dev/shm',
    // Its own user could fill the file system of /dev, which has no size.
    '--remount-ro', '/dev',
    '--size', disk, '--perms', '1777', '--tmpfs', '/tmp', '--size', disk, '--tmpfs', '/work',
    ...layout.mounts.flatMap(({ source, target }) => ['--ro-bind', source, target]),
    ...PRIVATE.filter(path => isMountedOn(path, layout)).flatMap(path => ['--remount-ro', path]), '--remount-ro', '/', '--chdir', '/work', '--seccomp', String(FILTER),
    '--', SHIM_IN_BOX, 'box', String(CHANNEL), String(CHANNEL),
  ]
}

/** What an administrator put there is nobody's business; a language that lives there is mounted by name. */
const PRIVATE = ['/usr/local', '/usr/src'].filter(path => existsSync(path))
const isMountedOn = (path: string, layout: BoxLayout) => layout.mounts.some(({ target }) => target.startsWith(`${path}/`))

/** An empty folder in its place, or one in which places for mounts can be made. */
function hide(path: string, layout: BoxLayout): string[] {
  return isMountedOn(path, layout) ? ['--size', '4096', '--tmpfs', path] : ['--ro-bind', layout.empty, path]
}
