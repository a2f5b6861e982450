import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const INSTALL = 'apt install bubblewrap (Debian, Ubuntu), dnf install bubblewrap (Fedora, RHEL), apk add bubblewrap (Alpine), pacman -S bubblewrap (Arch)'
const FOLDERS = ['/usr/bin', '/usr/local/bin', '/bin']

export interface FoundBwrap {
  path: string
  version: string
  /** Whether it can forbid further user namespaces inside (0.8). */
  disablesUserns: boolean
}

/** Finds bubblewrap and what it can. Throws with the reason and what to install. */
export async function findBwrap(searchPath: string | undefined): Promise<FoundBwrap> {
  const path = [...(searchPath ?? '').split(delimiter), ...FOLDERS].filter(folder => folder.startsWith('/')).map(folder => join(folder, 'bwrap')).find(isProgram)
  if (!path) throw new Error(`bubblewrap is not installed: ${INSTALL}`)
  const [version, help] = await Promise.all([run(path, ['--version']), run(path, ['--help'])])
  const found = { path, version: version.stdout.trim().replace(/^bubblewrap /, ''), disablesUserns: help.stdout.includes('--disable-userns') }
  if (!help.stdout.includes('--size')) throw new Error(`bubblewrap ${found.version} is too old (it cannot limit the size of a file system); 0.6 or newer is needed: ${INSTALL}`)
  return found
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  }
  catch {
    return false
  }
}
