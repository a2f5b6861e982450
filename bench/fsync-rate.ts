import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const TAKE_MS = 1000
const PAGE = Buffer.alloc(8192, 7)

/** How often a second the disk of the temporary folder takes one 8 KiB page for good: what each commit waits for. */
export function measureFsyncRate(): number {
  const folder = mkdtempSync(join(tmpdir(), 'bespin-fsync-'))
  const file = openSync(join(folder, 'page'), 'w')
  try {
    const startedAt = performance.now()
    let count = 0
    for (; performance.now() - startedAt < TAKE_MS; count++) {
      writeSync(file, PAGE, 0, PAGE.length, 0)
      fdatasyncSync(file)
    }
    return count / ((performance.now() - startedAt) / 1000)
  }
  finally {
    closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
}
