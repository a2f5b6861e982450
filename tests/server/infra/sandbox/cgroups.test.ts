import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openV2 } from '../../../../server/infra/sandbox/cgroups/v2.ts'
import { ownFolder } from '../../../../server/infra/sandbox/cgroups/find-hierarchies.ts'

// A machine has one kind of cgroups. What is written where is shown on a folder that looks like a delegated cgroup; that
// the kernel obeys is shown by the driver's contract on machines that have them.
const folder = mkdtempSync(join(tmpdir(), 'bespin-test-cgroup-'))
afterAll(() => rmSync(folder, { recursive: true }))
const put = (name: string, text: string) => writeFileSync(join(folder, name), text)

describe('cgroups v2', () => {
  it('are not used where memory and pids are not handed on and may not be', () => {
    put('cgroup.procs', '1\n')
    put('cgroup.controllers', 'cpu io\n')
    put('cgroup.subtree_control', '\n')
    expect(openV2(folder)).toBeUndefined()
  })
  it('never move processes that are not their own', () => {
    put('cgroup.controllers', 'cpu io memory pids\n')
    put('cgroup.procs', `${process.pid}\n1999999999\n`)
    expect(openV2(folder)).toBeUndefined()
  })
  it('limit memory, swap and processes of a box that is born in its folder', () => {
    put('cgroup.procs', '')
    put('cgroup.subtree_control', 'memory pids\n')
    const cgroups = openV2(folder)!
    expect(cgroups.version).toBe('v2')
    const box = cgroups.make({ memoryBytes: 1000, processes: 8 })!
    const path = box.birthplace!.folder
    const wrote = (name: string) => readFileSync(join(path, name), 'utf8')
    expect([wrote('memory.max'), wrote('pids.max'), box.join]).toEqual(['1000', '10', []])
    writeFileSync(join(path, 'memory.events'), 'low 0\nhigh 0\nmax 14\noom 2\noom_kill 3\noom_group_kill 0\n')
    writeFileSync(join(path, 'memory.peak'), '998\n')
    writeFileSync(join(path, 'cpu.stat'), 'usage_usec 25000\nuser_usec 20000\nsystem_usec 5000\n')
    writeFileSync(join(path, 'pids.events'), 'max 5\n')
    expect(box.usage()).toEqual({ oomKills: 3, peakBytes: 998, cpuMs: 25, processesRefused: 5 })
    rmSync(join(path, 'memory.peak'))
    expect(box.usage().peakBytes).toBeNull()
  })
})

describe('the cgroup of this process', () => {
  it('is found, where there are cgroups at all', () => {
    const folders = ['memory', 'pids', ''].map(ownFolder).filter(path => path !== undefined)
    for (const path of folders) expect(readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n')).toContain(String(process.pid))
  })
})
