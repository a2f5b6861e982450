import { existsSync, openSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { makePrivateFolder } from './data-folder.ts'

/** Opens a log file for appending; one that grew beyond 10 MB starts anew. */
export function openLog(dataDir: string, name: string): number {
  const path = join(makePrivateFolder(dataDir, 'logs'), name)
  if (existsSync(path) && statSync(path).size > 10_000_000) truncateSync(path)
  return openSync(path, 'a', 0o600)
}
