import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBinaries } from '#server/infra/toolchains/find-binaries.ts'

let home: string
beforeEach(async () => home = await mkdtemp(join(tmpdir(), 'bespin-home-')))
afterEach(() => rm(home, { recursive: true, force: true }))

async function place(path: string, content = '#!/bin/sh\n'): Promise<string> {
  const whole = join(home, path)
  await mkdir(dirname(whole), { recursive: true })
  await writeFile(whole, content)
  await chmod(whole, 0o755)
  return whole
}
const find = (names: string[], path: string[], folders: string[] = []) => findBinaries({ names, folders }, path.map(folder => join(home, folder)))

describe('looking for a toolchain', () => {
  it('follows the order of PATH and of the names, and links to the real file', async () => {
    const [second, first] = [await place('b/tool-x'), await place('a/tool-x2')]
    await symlink(second, join(home, 'a', 'tool-link'))
    expect(await find(['tool-x', 'tool-x2', 'tool-link'], ['a', 'b'])).toEqual([first, second])
  })

  it('looks behind the scripts of pyenv and rbenv', async () => {
    await place('.pyenv/shims/snake-x')
    await writeFile(join(home, '.pyenv/version'), '3.12.1\n3.11.7\n')
    const real = await place('.pyenv/versions/3.12.1/bin/snake-x')
    expect(await find(['snake-x'], ['.pyenv/shims'])).toEqual([real])
  })

  it('looks behind rustup, which starts the toolchain it was told to', async () => {
    const rustup = await place('.cargo/bin/rustup')
    await symlink(rustup, join(home, '.cargo/bin/rustc-x'))
    await place('.rustup/settings.toml', 'version = "12"\ndefault_toolchain = "stable-here"\n')
    const real = await place('.rustup/toolchains/stable-here/bin/rustc-x')
    expect(await find(['rustc-x'], ['.cargo/bin'])).toEqual([real])
  })

  it('takes the newest of several versions, by number', async () => {
    await Promise.all(['1.9.0', '1.10.2', '1.2.0'].map(version => place(`versions/${version}/bin/tool-x`)))
    const found = await findBinaries({ names: ['tool-x'], folders: [join(home, 'versions/*/bin')] }, [])
    expect(found.map(path => /versions\/([^/]+)/.exec(path)![1])).toEqual(['1.10.2', '1.9.0', '1.2.0'])
  })

  it('passes over what cannot be run, broken links, and folders of PATH that are relative', async () => {
    await chmod(await place('a/tool-x'), 0o644)
    await mkdir(join(home, 'b'))
    await symlink(join(home, 'nowhere'), join(home, 'b/tool-x'))
    expect(await find(['tool-x'], ['a', 'b', 'c'])).toEqual([])
    expect(await findBinaries({ names: ['tool-x'] }, ['.', 'relative'])).toEqual([])
  })
})
