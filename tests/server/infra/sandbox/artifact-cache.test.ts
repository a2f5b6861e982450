import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openArtifactCache } from '#server/infra/sandbox/artifact-cache.ts'

let folder: string
beforeEach(async () => folder = join(await mkdtemp(join(tmpdir(), 'bespin-cache-')), 'programs'))
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))
const open = (maxBytes = 1_000_000) => openArtifactCache({ folder, maxBytes })
const bytes = (fill: string, size = 10) => Buffer.alloc(size, fill)

describe('the cache of compiled programs', () => {
  it('gives back what was put in, byte for byte, also after a restart', async () => {
    const program = Buffer.from([0, 10, 255, 10, 13])
    await (await open()).put('key', { bytes: program, note: { wall_ms: 3, text: 'zwei\nZeilen' } })
    expect(await (await open()).get('key')).toEqual({ bytes: program, note: { wall_ms: 3, text: 'zwei\nZeilen' } })
    expect(await (await open()).get('other')).toBeNull()
  })

  it('lies in a folder of its own user, in files that nobody may write', async () => {
    await (await open()).put('key', { bytes: bytes('a'), note: null })
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(join(folder, 'key'))).mode & 0o777).toBe(0o444)
  })

  it.each([
    ['changed', (file: Buffer) => Buffer.concat([file.subarray(0, -1), Buffer.from('x')])],
    ['cut short', (file: Buffer) => file.subarray(0, -1)],
    ['emptied', () => Buffer.alloc(0)],
  ])('does not give out what was %s, and removes it', async (_, spoil) => {
    const cache = await open()
    await cache.put('key', { bytes: bytes('a', 100), note: 1 })
    await chmod(join(folder, 'key'), 0o644)
    await writeFile(join(folder, 'key'), spoil(await readFile(join(folder, 'key'))))
    expect(await cache.get('key')).toBeNull()
    expect(await readdir(folder)).toEqual([])
  })

  it('drops what was not used for longest when it is full', async () => {
    const cache = await open(1000)
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await cache.put(key, { bytes: bytes(key, 60), note: null })
      await utimes(join(folder, key), new Date(2000, 0, key.charCodeAt(0) - 96), new Date(2000, 0, key.charCodeAt(0) - 96))
    }
    await cache.get('a')
    for (const key of ['f', 'g', 'h']) await cache.put(key, { bytes: bytes(key, 60), note: null })
    expect(await cache.get('a')).not.toBeNull()
    expect(await cache.get('b')).toBeNull()
    expect(await cache.get('h')).not.toBeNull()
  })

  it('keeps nothing that would fill a quarter of it', async () => {
    const cache = await open(1000)
    await cache.put('key', { bytes: bytes('a', 300), note: null })
    expect(await readdir(folder)).toEqual([])
  })

  it('survives many writers and readers of one key: each reads nothing or all', async () => {
    const caches = await Promise.all([open(), open(), open()])
    const readings = await Promise.all(Array.from({ length: 60 }, async (_, turn) => {
      const cache = caches[turn % caches.length]!
      if (turn % 2) return cache.get('key')
      await cache.put('key', { bytes: bytes('a', 10_000), note: null })
      return cache.get('key')
    }))
    for (const reading of readings) if (reading) expect(reading.bytes.equals(bytes('a', 10_000))).toBe(true)
    expect(await readdir(folder)).toEqual(['key'])
  })

  it('removes what a dead process left half written', async () => {
    await open()
    const left = join(folder, 'x.unfinished')
    await writeFile(left, 'half')
    await open()
    expect(await readdir(folder)).toEqual(['x.unfinished'])
    await utimes(left, new Date(2000, 0, 1), new Date(2000, 0, 1))
    await open()
    expect(await readdir(folder)).toEqual([])
  })

  it('is no reason to fail when it cannot be written', async () => {
    const cache = await open()
    await rm(folder, { recursive: true })
    await cache.put('key', { bytes: bytes('a'), note: null })
    expect(await cache.get('key')).toBeNull()
  })
})
