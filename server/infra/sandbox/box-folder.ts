import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const PREFIX = 'bespin-box-'
/** What of /etc a program may see: nothing of this machine but where its libraries and alternatives are. */
const ETC = {
  'passwd': 'root:x:0:0:root:/nonexistent:/bin/false\nsandbox:x:65534:65534:sandbox:/tmp:/bin/false\n',
  'group': 'root:x:0:\nsandbox:x:65534:\n',
  'hosts': '127.0.0.1 localhost sandbox\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
}
const COPIED = ['alternatives', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'ld-musl-x86_64.path', 'ld-musl-aarch64.path']

/** A folder that boxes read from: only its maker writes to it, everybody may walk to it and start programs in it. */
export interface BoxFolder {
  path: string
  shim: string
  etc: string
  /** An empty folder. */
  empty: string
  remove(): void
}

/** What tells a live process from one that got the same id later: ticks since boot at its start. Undefined: no such process. */
export function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[19]
  }
  catch {
    return undefined
  }
}
/** Names what this process leaves on the machine, so that a later one can tell whether its owner still lives. */
export const ownerMark = () => `${process.pid}-${startOf(process.pid)}`
/** True when the process that `<prefix><pid>-<start>...` names is gone. */
export function ownerIsGone(name: string): boolean {
  const [, pid, start] = /(\d+)-(\d+)/.exec(name) ?? []
  return pid !== undefined && startOf(Number(pid)) !== start
}

/**
 * Makes the folder in the first place where everybody may walk and programs may start, and removes those of dead processes.
 * Throws when there is no such place.
 * @param shim the program to put there
 */
export function openBoxFolder(shim: Uint8Array): BoxFolder {
  const refusals: string[] = []
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp', '/dev/shm', '/run'])) {
    try {
      if (!isOpenToAll(parent)) throw new Error('not everybody may walk there')
      removeLeftovers(parent)
      return fill(mkdtempSync(join(parent, `${PREFIX}${ownerMark()}-`)), shim)
    }
    catch (error) {
      refusals.push(`${parent}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Error(`no folder for boxes could be made (${refusals.join('; ')})`)
}

function fill(path: string, shim: Uint8Array): BoxFolder {
  const folder = { path, shim: join(path, 'etc', '.shim'), etc: join(path, 'etc'), empty: join(path, 'empty'), remove: () => rmSync(path, { recursive: true, force: true }) }
  try {
    chmodSync(path, 0o755)
    for (const each of [folder.etc, folder.empty]) mkdirSync(each, { mode: 0o755 })
    writeFileSync(folder.shim, shim, { mode: 0o755 })
    if (execFileSync(folder.shim, ['try', 'hello'], { env: {}, timeout: 5000 }).toString() !== 'hello\n') throw new Error('the shim does not run there')
    for (const [name, text] of Object.entries(ETC)) writeFileSync(join(folder.etc, name), text, { mode: 0o644 })
    for (const name of COPIED.filter(name => existsSync(`/etc/${name}`))) cpSync(`/etc/${name}`, join(folder.etc, name), { recursive: true, verbatimSymlinks: true })
    return folder
  }
  catch (error) {
    folder.remove()
    throw error
  }
}

/** Whether a user without rights may reach a path. */
export function isOpenToAll(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const { mode } = statSync(at)
    const folder = (mode & 0o170000) === 0o040000
    if ((mode & (folder ? 0o001 : 0o004)) === 0) return false
    if (at === '/') return true
  }
}

function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent).filter(name => name.startsWith(PREFIX) && ownerIsGone(name))) {
    const path = join(parent, name)
    const about = lstatSync(path, { throwIfNoEntry: false })
    // Anybody may make a folder of that name in /tmp; only our own are removed.
    if (about?.isDirectory() && about.uid === process.getuid?.()) rmSync(path, { recursive: true, force: true })
  }
}
