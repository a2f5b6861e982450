import { access, constants, glob, readFile, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** What to look for: names of a binary, folders beside PATH (`~` and `*` allowed), a path to try first. */
export interface BinarySearch { names: string[], folders?: string[], first?: string }

/** Looked into after PATH: a service often has a shorter one than a person. */
const USUAL_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin']

/**
 * Every binary of these names, as the real file behind links and version switchers (pyenv, rbenv, rustup), the likeliest first: by
 * folder in the order of PATH, newest version first where a `*` finds several.
 */
export async function findBinaries({ names, folders = [], first }: BinarySearch, searchPath: string[]): Promise<string[]> {
  const others = (await Promise.all(folders.map(expand))).flat()
  const places = [...searchPath.filter(folder => folder.startsWith('/')), ...USUAL_FOLDERS, ...others]
  const paths = [...(first ? [first] : []), ...places.flatMap(folder => names.map(name => join(folder, name)))]
  const real = await Promise.all(paths.map(realBinary))
  return [...new Set(real.filter(path => path !== null))]
}

/** Folders that a pattern stands for; numbers in their names count as numbers, the highest first. */
async function expand(pattern: string): Promise<string[]> {
  const path = pattern.replace(/^~/, homedir())
  if (!path.includes('*')) return [path]
  const found = await Array.fromAsync(glob(path)).catch(() => [])
  return found.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
}

/** The file behind a path, or null when there is none that can be run. */
async function realBinary(path: string): Promise<string | null> {
  try {
    const real = await realpath(await behindSwitcher(path))
    await access(real, constants.X_OK)
    return real
  }
  catch {
    return null
  }
}

/** pyenv and rbenv put scripts on PATH, rustup links to itself: what they would start is read from their settings. */
async function behindSwitcher(path: string): Promise<string> {
  const name = basename(path)
  if (basename(dirname(path)) === 'shims') {
    const root = dirname(dirname(path))
    const [version = ''] = (await readFile(join(root, 'version'), 'utf8')).trim().split('\n')
    return join(root, 'versions', version, 'bin', name)
  }
  if (!await isRustup(path)) return path
  const home = join(dirname(dirname(dirname(path))), '.rustup')
  const chosen = /^default_toolchain\s*=\s*"([^"/]+)"/m.exec(await readFile(join(home, 'settings.toml'), 'utf8'))?.[1]
  return join(home, 'toolchains', chosen ?? 'none', 'bin', name)
}

/** Its stand-ins are links to it, symbolic or hard. */
async function isRustup(path: string): Promise<boolean> {
  const [file, rustup] = await Promise.all([path, join(dirname(path), 'rustup')].map(each => stat(each).catch(() => null)))
  return file !== null && rustup !== null && file?.ino === rustup?.ino && file?.dev === rustup?.dev
}
