import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makePrivateFolder, readJson, writePrivately } from './data-folder.ts'
import { LaunchError } from './say.ts'

/** Secrets this installation made for itself; each 256 random bits. */
export interface LocalSecrets { jwt: string, secretKey: string, databasePassword: string, redisPassword: string }

/**
 * Reads `secrets.json` of the data folder (mode 0600) or makes it. Whoever keeps the folder keeps the installation:
 * losing the file means losing what was encrypted or signed with it.
 */
export function localSecrets(dataDir: string): LocalSecrets {
  const path = join(makePrivateFolder(dataDir), 'secrets.json')
  const made: LocalSecrets = { jwt: newSecret(), secretKey: newSecret(), databasePassword: newSecret(), redisPassword: newSecret() }
  // Linked and not renamed into place: of two processes that start at once the second takes the first one's secrets.
  if (!existsSync(path)) {
    const draft = `${path}.${process.pid}`
    writePrivately(draft, `${JSON.stringify(made, null, 2)}\n`)
    try {
      linkSync(draft, path)
    }
    catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    rmSync(draft, { force: true })
  }
  const kept = readJson<Partial<LocalSecrets>>(path)
  if (!kept) throw new LaunchError(`${path} cannot be read as JSON; put back the file that belongs to this data folder.`)
  return { ...made, ...kept, ...fillMissing(path, kept, made) }
}

/** A file of an older release may lack a secret; it is added and the others stay. */
function fillMissing(path: string, kept: Partial<LocalSecrets>, made: LocalSecrets): Partial<LocalSecrets> {
  const names = Object.keys(made) as (keyof LocalSecrets)[]
  if (names.every(name => kept[name])) return {}
  const whole = { ...made, ...kept }
  writePrivately(path, `${JSON.stringify(whole, null, 2)}\n`)
  return whole
}

const newSecret = (): string => randomBytes(32).toString('base64url')
