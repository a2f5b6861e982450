/**
 * What a launcher leaves in the data folder about itself: a lock (one launcher per folder) and the list of its
 * children, so that after `kill -9` of the launcher the next start can end what is still running.
 */
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive, isGroupAlive, isSameProcess, signalQuietly, type ProcessIdentity } from './process-identity.ts'
import { LaunchError, type Say } from './say.ts'

interface ChildRecord extends ProcessIdentity { name: string }
/** Addresses of the services a living launcher runs; `api`, `worker` and `migrate` of the same folder use them. */
export interface SharedServices { ownerUrl: string, redisUrl?: string }

/** Creates the folder, readable by its owner only, and one below it. */
export function makePrivateFolder(...parts: string[]): string {
  const path = join(...parts)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

/** Writes a file whole or not at all, readable by its owner only. */
export function writePrivately(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, text, { mode: 0o600 })
  chmodSync(draft, 0o600)
  renameSync(draft, path)
}

export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  }
  catch {
    return undefined
  }
}

const lockPath = (dataDir: string): string => join(dataDir, 'launcher.lock')
const childrenPath = (dataDir: string): string => join(dataDir, 'children.json')
const servicesPath = (dataDir: string): string => join(dataDir, 'services.json')

/** The launcher that owns the folder now, if it still lives. */
export function livingLauncher(dataDir: string): ProcessIdentity | undefined {
  const owner = readJson<ProcessIdentity>(lockPath(dataDir))
  return owner && owner.pid !== process.pid && isSameProcess(owner) ? owner : undefined
}

/** Takes the folder for this process. Throws LaunchError when a living launcher has it. */
export function lockDataFolder(dataDir: string): void {
  makePrivateFolder(dataDir)
  const draft = join(dataDir, `launcher.lock.${process.pid}`)
  writeFileSync(draft, JSON.stringify(identify(process.pid)), { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      const owner = livingLauncher(dataDir)
      if (owner) throw new LaunchError(`Another Bespin (process ${owner.pid}) uses the data folder ${dataDir}. Stop it, or choose another folder with BESPIN_DATA_DIR (and another PORT).`)
      if (linkLock(draft, dataDir)) return
      // Moved aside and not deleted: of two launchers that find the same dead lock only one gets to move it.
      const aside = `${draft}.dead`
      try {
        renameSync(lockPath(dataDir), aside)
      }
      catch { continue }
      const moved = readJson<ProcessIdentity>(aside)
      if (moved && isSameProcess(moved)) renameSync(aside, lockPath(dataDir))
      rmSync(aside, { force: true })
    }
    throw new LaunchError(`The lock ${lockPath(dataDir)} cannot be taken; remove the file if no Bespin uses this folder.`)
  }
  finally {
    rmSync(draft, { force: true })
  }
}

function linkLock(draft: string, dataDir: string): boolean {
  try {
    linkSync(draft, lockPath(dataDir))
    return true
  }
  catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

export function unlockDataFolder(dataDir: string): void {
  for (const path of [servicesPath(dataDir), childrenPath(dataDir), lockPath(dataDir)]) rmSync(path, { force: true })
}

export const publishServices = (dataDir: string, services: SharedServices): void => writePrivately(servicesPath(dataDir), JSON.stringify(services))
export const readServices = (dataDir: string): SharedServices | undefined => readJson(servicesPath(dataDir))

/** Keeps the list of running children in the folder up to date. */
export function childRegister(dataDir: string): { started(name: string, pid: number): void, ended(name: string): void } {
  const records = new Map<string, ChildRecord>()
  const save = (): void => writePrivately(childrenPath(dataDir), JSON.stringify([...records.values()]))
  return {
    started(name, pid) {
      const identity = identify(pid)
      if (identity) records.set(name, { name, ...identity })
      save()
    },
    ended(name) {
      if (records.delete(name)) save()
    },
  }
}

/** Ends what a killed launcher left running in this folder: the programs first, then the services under them. */
export async function endLeftovers(dataDir: string, say: Say): Promise<void> {
  const records = (readJson<ChildRecord[]>(childrenPath(dataDir)) ?? []).filter(isLeftover)
  if (records.length === 0) return
  say(`ending what an earlier start left running: ${records.map(record => record.name).join(', ')}`)
  const isService = (record: ChildRecord): boolean => record.name === 'postgres' || record.name === 'redis'
  await Promise.all(records.filter(record => !isService(record)).map(endProcess))
  await Promise.all(records.filter(isService).map(endProcess))
  rmSync(childrenPath(dataDir), { force: true })
}

/** A dead leader with a living group is ours too: the system does not give a group's id away while it is in use. */
function isLeftover(record: ChildRecord): boolean {
  return isAlive(record.pid) ? isSameProcess(record) : isGroupAlive(record.pid)
}

async function endProcess(record: ChildRecord): Promise<void> {
  signalQuietly(record.pid, record.name === 'postgres' ? 'SIGINT' : 'SIGTERM')
  for (let waited = 0; waited < 4000 && isAlive(record.pid); waited += 50) await sleep(50)
  signalQuietly(-record.pid, 'SIGKILL')
  for (let waited = 0; waited < 2000 && isAlive(record.pid); waited += 50) await sleep(50)
}
