import { createHash } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { logger } from '#server/infra/logger.ts'
import { ownerIsGone, ownerMark } from '#server/infra/sandbox/box-folder.ts'
import { PREPARED_PATH, type Toolchain } from './language.ts'

/** Of a folder that is still being made; who makes it stands before. */
const UNFINISHED = '.unfinished'

export interface PrepareOptions { folder: string, signal: AbortSignal }

/**
 * Begins what a language prepares for its toolchain, unless an earlier start has made it. Sets `usable` and `complete`, and `prepared` as
 * soon as there is something to use; where it fails, the language goes without (said in the log). Does nothing for toolchains of images.
 * @param options.folder where what is made is kept from one start to the next
 * @param options.signal aborted when the worker stops
 */
export function prepareToolchain(toolchain: Toolchain, options: PrepareOptions): void {
  if (!toolchain.language.prepare || toolchain.hostBinary === null) return
  const { promise: usable, resolve } = Promise.withResolvers<undefined>()
  const onUsable = () => resolve(undefined)
  const complete = { done: false, promise: Promise.resolve() }
  const failed = (error: unknown) => options.signal.aborted || logger().warn({ language: toolchain.language.language, error: error instanceof Error ? error.message : String(error) }, 'code.preparation_failed')
  complete.promise = prepareOrFind(toolchain, options, onUsable).catch(failed).then(() => {
    complete.done = true
    onUsable()
  })
  Object.assign(toolchain, { usable, complete })
}

/** Made under another name until it is whole: a start that was cut short leaves nothing that looks ready. */
async function prepareOrFind(toolchain: Toolchain, { folder, signal }: PrepareOptions, onUsable: () => void): Promise<void> {
  const kept = join(folder, await nameOf(toolchain))
  const show = (made: string) => toolchain.prepared = { source: made, target: PREPARED_PATH }
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await removeUnfinished(folder)
  if (existsSync(kept)) return void show(kept)
  const made = `${kept}-${ownerMark()}${UNFINISHED}`
  await rm(made, { recursive: true, force: true })
  await mkdir(made, { mode: 0o755 })
  try {
    const usable = () => {
      show(made)
      onUsable()
    }
    await toolchain.language.prepare!({ binary: toolchain.hostBinary!, folder: made, signal, onUsable: usable })
    // At once: no box may be started with a path that is gone. Another worker may have been faster; its folder is as good.
    if (!existsSync(kept)) renameSync(made, kept)
    show(kept)
  }
  finally {
    if (toolchain.prepared?.source === made) delete toolchain.prepared
    await rm(made, { recursive: true, force: true })
  }
}

async function removeUnfinished(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter(name => name.endsWith(UNFINISHED) && ownerIsGone(name.slice(name.indexOf('-') + 1)))
  await Promise.all(left.map(name => rm(join(folder, name), { recursive: true, force: true })))
}

/** Another binary, another folder, though it says the same version. */
async function nameOf({ language, version, hostBinary }: Toolchain): Promise<string> {
  const { size, mtimeMs } = await stat(hostBinary!)
  const hash = createHash('sha256').update(JSON.stringify([hostBinary, version, size, mtimeMs])).digest('hex')
  return `${language.language}@${hash.slice(0, 16)}`
}
