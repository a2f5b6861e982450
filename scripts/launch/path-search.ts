import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Full path of the first of `names` that can be run from PATH. */
export function findOnPath(...names: string[]): string | undefined {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
      const path = join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      }
      catch { /* not in this folder */ }
    }
  }
  return undefined
}
