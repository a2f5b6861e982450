import { existsSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import type { BoxMount } from '#server/infra/sandbox/driver.ts'
import type { ToolSearch } from './language.ts'

/** A toolchain as a box will see it: the path of its main binary there, and what must be mounted. */
export interface Placement { binary: string, mounts: BoxMount[] }

/** Where toolchains that may lie anywhere are put inside the box: it says nothing of this machine. */
const PLACE = '/opt/toolchains'
/** Of /usr/local, which is no toolchain's own, only what programs are made of. */
const PARTS_OF_LOCAL = ['bin', 'lib', 'lib64', 'libexec', 'include']
/** Boxes see /usr and what belongs to it, but not these parts. */
const isVisible = (path: string): boolean => /^\/(usr|bin|sbin|lib|lib64)\//.test(path) && !/^\/usr\/(local|src)\//.test(path)

/**
 * What has to be mounted for a binary outside /usr, as little as does: its file, or the folder above its bin folder. Null when that
 * would show a home folder or another place that holds more than the toolchain.
 * @param options.keepOut folders that no box may see
 */
export async function placeToolchain(options: { binary: string, search: ToolSearch, name: string, keepOut: string[] }): Promise<Placement | null> {
  const { binary, search, name, keepOut } = options
  const settings = await settingsMounts(search.settings ?? [])
  if (isVisible(binary)) return { binary, mounts: settings }
  const root = search.needs === 'binary' ? binary : dirname(dirname(binary))
  if (root === '/usr/local') return { binary, mounts: [...PARTS_OF_LOCAL.map(part => join(root, part)).filter(path => existsSync(path)).map(same), ...settings] }
  if (holdsMore(root, keepOut)) return null
  const target = search.fixed ? root : join(PLACE, search.needs === 'binary' ? basename(binary) : name)
  return { binary: join(target, relative(root, binary)), mounts: [{ source: root, target }, ...settings] }
}

const same = (path: string): BoxMount => ({ source: path, target: path })

/** One of the system's own top folders; a folder that holds what must not be seen, or lies in it; what tools share in a home folder (~/.local, ~/.cargo). */
function holdsMore(root: string, keepOut: string[]): boolean {
  const contains = (folder: string, path: string) => !relative(folder, path).startsWith('..')
  if (root.split('/').length <= 2 || contains(root, homedir())) return true
  if (dirname(root) === homedir() && basename(root).startsWith('.')) return true
  return keepOut.some(folder => contains(root, folder) || contains(folder, root))
}

async function settingsMounts(patterns: string[]): Promise<BoxMount[]> {
  const found = await Promise.all(patterns.map(pattern => Array.fromAsync(glob(pattern)).catch(() => [])))
  return found.flat().map(same)
}
