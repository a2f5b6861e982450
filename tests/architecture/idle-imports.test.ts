import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const filesOf = (folder: string) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts')).map(name => join(ROOT, folder, name))

/** What a process or a thread begins with. */
const ENTRIES = ['workers/index.ts', 'workers/outside.ts', 'server/domain/engine/beat-thread.ts'].map(path => join(ROOT, path))
/** Everything but those; routes and plugins need Nitro's build to be imported at all. */
const modules = ['shared', 'server/domain', 'server/infra', 'workers'].flatMap(filesOf).filter(path => !ENTRIES.includes(path))

describe('importing every module', () => {
  it('starts nothing: no timer, no connection, no process, no output', async () => {
    const script = `
      await Promise.all(${JSON.stringify(modules)}.map(path => import(path)))
      await new Promise(resolve => setTimeout(resolve, 200))
      console.log(JSON.stringify(process.getActiveResourcesInfo().filter(name => !/^(TTYWrap|PipeWrap)$/.test(name))))`
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: ROOT, env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1' }, timeout: 20_000,
    })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([])
  })
})
