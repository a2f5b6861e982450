import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { whyNoBoxes } from '../../../../scripts/check/find-tools.ts'
import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'
import { openCgroups } from '../../../../server/infra/sandbox/cgroups.ts'
import { shellBox } from './driver-contract.ts'

/** Command lines of all processes of this machine. */
const commandLines = () => readdirSync('/proc').filter(name => /^\d+$/.test(name)).map((pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  }
  catch {
    return ''
  }
})
const boxFolders = () => readdirSync('/tmp').filter(name => name.startsWith('bespin-box-'))
/** Cgroup folders of a process, in any hierarchy. */
function cgroupFolders(mark: string): string[] {
  const found: string[] = []
  const look = (path: string, depth: number) => {
    for (const entry of existsSync(path) && depth < 6 ? readdirSync(path, { withFileTypes: true }) : []) {
      if (!entry.isDirectory()) continue
      if (entry.name.startsWith(`bespin-${mark}-`)) found.push(...readdirSync(join(path, entry.name), { withFileTypes: true }).filter(each => each.isDirectory()).map(each => join(path, entry.name, each.name)), join(path, entry.name))
      else look(join(path, entry.name), depth + 1)
    }
  }
  look('/sys/fs/cgroup', 0)
  return found
}

async function until(what: () => boolean, ms = 3000): Promise<void> {
  for (const end = performance.now() + ms; !what() && performance.now() < end;) await sleep(20)
  expect(what()).toBe(true)
}

describe.skipIf(whyNoBoxes())('what boxes leave behind', () => {
  for (const cgroups of ['auto', 'none'] as const) {
    it(`is nothing after 200 runs (cgroups: ${cgroups})`, async () => {
      const driver = openBwrap({ cgroups })
      const runs = async (n: number) => {
        for (let i = 0; i < n; i += 4) {
          const outcomes = await Promise.all([0, 1, 2, 3].map(k => driver.run(shellBox(`sleep 4242.${k} & head -c 20000 /dev/zero; [ ${k} = 1 ] && kill -9 $$; [ ${k} = 2 ] && exit 7; true`))))
          expect(outcomes.map(outcome => outcome.status)).toEqual(['ok', 'signaled', 'nonzero_exit', 'ok'])
        }
      }
      await runs(40)
      const take = () => ({
        descriptors: readdirSync('/proc/self/fd').length,
        mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(line => /bespin|newroot|oldroot/.test(line)),
        cgroups: cgroupFolders(String(process.pid)).length,
        folder: boxFolders().filter(name => name.includes(`-${process.pid}-`)).map(name => readdirSync(join('/tmp', name)).length).join(),
        processes: commandLines().filter(line => line.includes('sleep 4242.')).length,
      })
      await sleep(50)
      const before = take()
      const memory = process.memoryUsage().rss
      await runs(200)
      await sleep(50)
      expect(take()).toEqual(before)
      expect(before.processes).toBe(0)
      expect(process.memoryUsage().rss - memory).toBeLessThan(60 * 1024 * 1024)
      await driver.close()
      expect({ folders: boxFolders().filter(name => name.includes(`-${process.pid}-`)), cgroups: cgroupFolders(String(process.pid)) }).toEqual({ folders: [], cgroups: [] })
    }, 60_000)
  }

  it('is nothing after a worker was killed: no process at once, no folder and no cgroup after the next start', async () => {
    const worker = fork(join(import.meta.dirname, 'killed-worker.ts'))
    await once(worker, 'message')
    await until(() => commandLines().some(line => line.startsWith('sleep 4343')))
    const folders = boxFolders().filter(name => name.includes(`-${worker.pid}-`))
    expect(folders).toHaveLength(1)
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    await until(() => !commandLines().some(line => line.includes('4343')), 1000)

    const next = openBwrap()
    expect((await next.run(shellBox('echo next'))).status).toBe('ok')
    await next.close()
    expect(boxFolders().filter(name => name.includes(`-${worker.pid}-`))).toEqual([])
    expect(cgroupFolders(String(worker.pid))).toEqual([])
  })
  it('is what others made: a folder of the same name in /tmp stays when its owner lives', async () => {
    const alive = join('/tmp', `bespin-box-${process.pid}-${readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)!.split(' ')[19]}-test`)
    mkdirSync(alive)
    const driver = openBwrap({ cgroups: 'none' })
    await driver.run(shellBox('true'))
    expect(existsSync(alive)).toBe(true)
    await driver.close()
    rmSync(alive, { recursive: true })
  })
  it('is no descriptor of the worker inside a box, not even one that it inherited itself', async () => {
    const secret = openSync('/etc/passwd', 'r')
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc', ...Array.from({ length: 20 }, () => secret)] as ('ignore' | 'ipc' | number)[]
    const worker = spawn(process.execPath, [join(import.meta.dirname, 'listing-worker.ts')], { stdio })
    const [told] = await once(worker, 'message') as [{ own: number, inside: string }]
    closeSync(secret)
    await once(worker, 'exit')
    expect(told.own).toBeGreaterThan(20)
    // 3 is the folder that ls itself reads.
    expect(told.inside).toBe('0 1 2 3 ')
  })
  it('is no cgroup where a worker closed its own', () => {
    const cgroups = openCgroups()
    const box = cgroups.make({ memoryBytes: 64 << 20, processes: 8 })
    if (box) expect(cgroupFolders(String(process.pid)).length).toBeGreaterThan(1)
    box?.remove()
    cgroups.close()
    expect(cgroupFolders(String(process.pid))).toEqual([])
  })
})
