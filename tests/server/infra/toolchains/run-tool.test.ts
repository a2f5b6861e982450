import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runTool } from '#server/infra/toolchains/run-tool.ts'
import { until } from '../../../support/until.ts'

let folder: string
beforeEach(async () => folder = await mkdtemp(join(tmpdir(), 'bespin-tool-')))
afterEach(() => rm(folder, { recursive: true, force: true }))
const run = (script: string, signal = new AbortController().signal, timeoutMs = 10_000) =>
  runTool({ argv: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: folder, timeoutMs, signal })
/** Writes its own id and that of its child into a file, then waits. */
const FAMILY = 'sleep 60 & echo $$ $! > ids.new; mv ids.new ids; wait'
const family = () => until(() => {
  try { return readFileSync(join(folder, 'ids'), 'utf8').trim().split(' ').map(Number) }
  catch { return undefined }
})
const lives = (pid: number) => {
  try { return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) }
  catch { return false }
}

describe('a tool beside the worker', () => {
  it('answers what it prints, and its last words when it fails', async () => {
    expect(await run('echo one; nice')).toBe('one\n19\n')
    await expect(run('echo why >&2; exit 3')).rejects.toThrow('/bin/sh failed: why')
  })

  it('ends with everything it started when it is stopped, or takes too long', async () => {
    const stop = new AbortController()
    const running = run(FAMILY, stop.signal).catch((error: unknown) => String(error))
    const pids = await family()
    stop.abort()
    expect(await running).toContain('was stopped')
    await until(() => pids.every(pid => !lives(pid)) || undefined)
    await expect(run('sleep 60', undefined, 100)).rejects.toThrow('was stopped')
  })

  it('ends with everything it started when the worker is killed', async () => {
    const module = join(import.meta.dirname, '../../../../server/infra/toolchains/run-tool.ts')
    const script = `const { runTool } = await import(${JSON.stringify(module)})
      await runTool({ argv: ['/bin/sh', '-c', ${JSON.stringify(FAMILY)}], env: { PATH: '/usr/bin:/bin' }, cwd: ${JSON.stringify(folder)}, timeoutMs: 60000, signal: new AbortController().signal })`
    const worker = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
    const pids = await family()
    expect(pids.every(lives)).toBe(true)
    worker.kill('SIGKILL')
    await until(() => pids.every(pid => !lives(pid)) || undefined)
    await sleep(0)
  })
})
