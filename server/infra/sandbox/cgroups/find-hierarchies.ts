import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownerIsGone, ownerMark } from '../box-folder.ts'

export const readText = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  }
  catch {
    return undefined
  }
}
/** A number after `name ` in a file of lines, 0 when it is not there. */
export const readNumber = (path: string, name = '') => Number(new RegExp(`^${name && `${name} `}(\\d+)$`, 'm').exec(readText(path) ?? '')?.[1] ?? 0)
export const writeText = (path: string, text: string) => writeFileSync(path, text)

interface Mount { root: string, at: string, type: string, options: string[] }

/** Mounts of cgroup file systems as this process sees them (proc(5), mountinfo). */
function cgroupMounts(): Mount[] {
  return (readText('/proc/self/mountinfo') ?? '').split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [type = '', , options = ''] = after.split(' ')
    const fields = before.split(' ')
    return type.startsWith('cgroup') ? [{ root: fields[3]!, at: fields[4]!, type, options: options.split(',') }] : []
  })
}

/** The folder of this process' own cgroup of a v1 controller, or of v2 (`''`). Undefined: not mounted, or out of sight. */
export function ownFolder(controller: string): string | undefined {
  const mount = cgroupMounts().find(each => controller ? each.type === 'cgroup' && each.options.includes(controller) : each.type === 'cgroup2')
  const line = (readText('/proc/self/cgroup') ?? '').split('\n').map(each => each.split(':'))
    .find(([id, names]) => controller ? names?.split(',').includes(controller) : id === '0')
  const own = line?.slice(2).join(':')
  if (!mount || own === undefined) return undefined
  const below = mount.root === '/' ? own : own.startsWith(mount.root) ? own.slice(mount.root.length) : '/'
  return below.includes('..') ? undefined : join(mount.at, below)
}

const PREFIX = 'bespin-'

/** Makes the folder of this worker in a cgroup and removes the empty ones of dead workers. Undefined where it may not. */
export function makeWorkerFolder(parent: string): string | undefined {
  try {
    for (const name of readdirSync(parent).filter(name => name.startsWith(PREFIX) && ownerIsGone(name))) removeTree(join(parent, name))
    const path = join(parent, `${PREFIX}${ownerMark()}`)
    mkdirSync(path, { recursive: true })
    return path
  }
  catch {
    return undefined
  }
}

/** Removes a cgroup and those below it. One with processes stays: its worker lives, out of our sight. */
export function removeTree(path: string): void {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(path, entry.name))
    rmdirSync(path)
  }
  catch {
    // Busy, or somebody else was quicker; the next start tries again.
  }
}
