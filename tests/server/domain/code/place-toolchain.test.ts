import { homedir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { placeToolchain } from '#server/domain/code/place-toolchain.ts'
import type { ToolSearch } from '#server/domain/code/language.ts'

const search = (more: Partial<ToolSearch> = {}): ToolSearch => ({ names: ['x'], needs: 'prefix', version: { args: [], pattern: /./ }, ...more })
const place = (binary: string, more?: Partial<ToolSearch>) => placeToolchain({ binary, search: search(more), name: 'lang', keepOut: ['/srv/app/data'] })

describe('what a box is shown of a toolchain', () => {
  it('is nothing more where /usr has it', async () => {
    expect(await place('/usr/bin/x')).toEqual({ binary: '/usr/bin/x', mounts: [] })
    expect(await place('/usr/lib/go-1.22/bin/x')).toMatchObject({ mounts: [] })
  })

  it('is the folder above its bin folder, at a place that says nothing of this machine', async () => {
    const home = join(homedir(), '.pyenv/versions/3.12.1')
    expect(await place(`${home}/bin/x`)).toEqual({ binary: '/opt/toolchains/lang/bin/x', mounts: [{ source: home, target: '/opt/toolchains/lang' }] })
    expect(await place('/usr/local/go/bin/x')).toMatchObject({ mounts: [{ source: '/usr/local/go' }] })
  })

  it('is at its own place where paths are compiled in', async () => {
    expect(await place('/opt/ruby/bin/x', { fixed: true })).toEqual({ binary: '/opt/ruby/bin/x', mounts: [{ source: '/opt/ruby', target: '/opt/ruby' }] })
  })

  it('is one file where that is all it needs', async () => {
    expect(await place(join(homedir(), 'app/node_modules/node/bin/node'), { needs: 'binary' }))
      .toEqual({ binary: '/opt/toolchains/node', mounts: [{ source: join(homedir(), 'app/node_modules/node/bin/node'), target: '/opt/toolchains/node' }] })
  })

  it.each([
    join(homedir(), 'bin/x'), join(homedir(), '.local/bin/x'), join(homedir(), '.cargo/bin/x'), '/opt/bin/x', '/bin2/x',
    '/srv/app/bin/x', '/srv/app/data/tools/bin/x', '/srv/bin/x',
  ])('is never what lies around %s: that is more than a toolchain', async (binary) => {
    expect(await place(binary)).toBeNull()
  })
})
