import { createHash } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '../new-id.ts'

/** What a compiler made, and what is to be remembered with it (JSON). */
export interface Artifact { bytes: Buffer, note: unknown }

/** Compiled programs by the hash of all that went into them. Boxes never see the folder; several processes may share it. */
export interface ArtifactCache {
  /** Null when there is none, or when what lies there is not what was put there (it is then removed). */
  get(key: string): Promise<Artifact | null>
  /** Never rejects: what cannot be kept is compiled again. */
  put(key: string, artifact: Artifact): Promise<void>
}

/** When the folder is full, the longest unused go until this share of it is left. */
const SHARE_AFTER_SWEEP = 0.8
/** A file half written this long ago was left by a process that died. */
const ABANDONED_MS = 3_600_000
const HASH_HEX = 64
const UNFINISHED = '.unfinished'

/**
 * A cache in a folder of its own (made, 0700): one file per artifact, 0444, its first line the hash of the rest.
 * @param options.maxBytes of all files together; an artifact larger than a quarter of it is not kept.
 */
export async function openArtifactCache(options: { folder: string, maxBytes: number }): Promise<ArtifactCache> {
  const { folder, maxBytes } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let bytesKept = await sweep(folder, maxBytes)
  return {
    async get(key) {
      const path = join(folder, key)
      const file = await readFile(path).catch(() => null)
      if (!file) return null
      const artifact = unpack(file)
      if (!artifact) await rm(path, { force: true })
      else await utimes(path, new Date(), new Date()).catch(() => {})
      return artifact
    },
    async put(key, artifact) {
      const file = pack(artifact)
      if (file.length > maxBytes / 4) return
      const written = await write(folder, key, file).then(() => true, () => false)
      if (written && (bytesKept += file.length) > maxBytes) bytesKept = await sweep(folder, maxBytes)
    },
  }
}

/** `<sha256 of the rest>\n<note as JSON>\n<bytes>`. */
function pack({ bytes, note }: Artifact): Buffer {
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(note)}\n`), bytes])
  return Buffer.concat([Buffer.from(`${hashOf(rest)}\n`), rest])
}

function unpack(file: Buffer): Artifact | null {
  const rest = file.subarray(HASH_HEX + 1)
  if (file.toString('latin1', 0, HASH_HEX) !== hashOf(rest)) return null
  const line = rest.indexOf('\n')
  return { note: JSON.parse(rest.toString('utf8', 0, line)) as unknown, bytes: rest.subarray(line + 1) }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Under another name first: whoever reads finds all of it or nothing, also beside another writer of the same. */
async function write(folder: string, key: string, content: Buffer): Promise<void> {
  const path = join(folder, `${newId()}${UNFINISHED}`)
  try {
    const file = await open(path, 'wx', 0o400)
    await file.writeFile(content).finally(() => file.close())
    await chmod(path, 0o444)
    await rename(path, join(folder, key))
  }
  catch (error) {
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

/** Removes what dead processes left, and when the rest is too much the longest unused of it. Answers the bytes that stay. */
async function sweep(folder: string, maxBytes: number): Promise<number> {
  const names = await readdir(folder)
  const files = (await Promise.all(names.map(async (name) => {
    const path = join(folder, name)
    return stat(path).then(({ size, mtimeMs }) => ({ path, size, mtimeMs, left: name.endsWith(UNFINISHED) && Date.now() - mtimeMs > ABANDONED_MS }), () => null)
  }))).filter(file => file !== null)
  let bytes = files.reduce((sum, { size }) => sum + size, 0)
  const most = bytes > maxBytes ? maxBytes * SHARE_AFTER_SWEEP : maxBytes
  for (const { path, size, left } of files.sort((a, b) => Number(b.left) - Number(a.left) || a.mtimeMs - b.mtimeMs)) {
    if (!left && bytes <= most) break
    await rm(path, { force: true })
    bytes -= size
  }
  return bytes
}
