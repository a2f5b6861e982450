import { closeSync, existsSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isOpenToAll, type BoxFolder } from '../box-folder.ts'
import type { BoxMount } from '../driver.ts'

export interface ReachableMounts {
  mounts: BoxMount[]
  /** Pairs for `launch`: what only root may walk to, and where to show it. */
  shown: string[]
}

/**
 * Makes sources reachable for the user that a box runs as. Below a folder that only root may walk to (a toolchain in /root)
 * the source is shown in the box folder, in a mount namespace that only that box has; root alone can do so.
 */
export function prepareMounts(folder: BoxFolder, asRoot: boolean): (mounts: BoxMount[]) => ReachableMounts {
  const places = new Map<string, { source: string, at?: string }>()
  const place = (source: string) => {
    const real = realpathSync(source)
    if (!asRoot || isOpenToAll(real)) return { source: real }
    const at = join(folder.path, `shown-${places.size}`)
    makeEmpty(at, statSync(real).isDirectory())
    return { source: real, at }
  }
  return (mounts) => {
    const shown: string[] = []
    const reachable = mounts.map(({ source, target }) => {
      const found = places.get(source) ?? place(source)
      places.set(source, found)
      if (found.at) shown.push(found.source, found.at)
      if (target.startsWith('/etc/')) makeEmpty(join(folder.etc, target.slice('/etc/'.length)), statSync(found.source).isDirectory())
      return { source: found.at ?? found.source, target }
    })
    return { mounts: reachable, shown }
  }
}

/** A place to mount over: an empty folder or file. */
function makeEmpty(path: string, isFolder: boolean): void {
  if (existsSync(path)) return
  mkdirSync(isFolder ? path : dirname(path), { recursive: true, mode: 0o755 })
  if (!isFolder) closeSync(openSync(path, 'w', 0o644))
}
