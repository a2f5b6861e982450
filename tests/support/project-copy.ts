import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
/** Never copied: history, data and installed packages (linked instead), and what the tools make anew. */
const LEFT_OUT = new Set(['.git', '.data', '.env', 'node_modules', '.nuxt', 'test-results', 'coverage'])

/** A copy of the project with what was built, for commands that write into it. The caller calls `remove`. */
export async function copyProject(): Promise<{ folder: string, remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bespin-test-copy-'))
  for (const name of await readdir(ROOT)) {
    if (LEFT_OUT.has(name)) continue
    // Times are kept: by them the start sees that the build is newer than the sources.
    await cp(join(ROOT, name), join(folder, name), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) }
}
