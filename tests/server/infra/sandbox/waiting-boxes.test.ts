import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoBoxes } from '../../../../scripts/check/find-tools.ts'
import { openBwrap } from '../../../../server/infra/sandbox/bwrap/driver.ts'
import { openCgroups } from '../../../../server/infra/sandbox/cgroups.ts'
import type { BoxOutcome, BoxSpec, SandboxDriver } from '../../../../server/infra/sandbox/driver.ts'
import { describeDriver, LIMITS, shellBox } from './driver-contract.ts'
import { asSource, openWaiting, WAITING_SHELL } from './waiting-driver.ts'

const MIB = 1024 * 1024
const hasCgroups = openCgroups()
hasCgroups.close()
const MODES = hasCgroups.version === 'none' ? ['none'] as const : ['auto', 'none'] as const

/** What a program finds out about the box it is in. */
const LOOK_AROUND = `ulimit -a; grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Sig|NSpid|Threads|Umask)" /proc/self/status; ls -l /proc/self/fd | grep -c 'pipe\\|/'
  env | sort; cut -d' ' -f4- /proc/self/mountinfo | sed "s/ [0-9]*:[0-9]* / /; s/uid=[0-9]*/uid=/; s/gid=[0-9]*/gid=/"; ls -lnR /work /tmp /dev/shm | sed "s/ [A-Z][a-z][a-z] .*:[0-9][0-9] / /"; cat /work/.main.sh | wc -c; cat | wc -c; readlink /proc/self/fd/0`

function processesOf(mark: string): string[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    }
    catch {
      return ''
    }
  }).filter(line => line.includes(mark))
}

describe.skipIf(whyNoBoxes())('boxes that wait', () => {
  for (const cgroups of MODES) {
    const modes = { cold: 0, warm: 0 }
    describeDriver(`boxes that wait, cgroups: ${cgroups}`, () => openWaiting(cgroups, modes))
    it(`ran most of what the contract asks for (cgroups: ${cgroups})`, () => {
      expect(modes.warm).toBeGreaterThan(40)
      expect(modes.warm).toBeGreaterThan(modes.cold)
    })
  }

  describe.for(MODES)('with cgroups: %s', (cgroups) => {
    let driver: SandboxDriver
    beforeAll(() => { driver = openBwrap({ cgroups }) })
    afterAll(() => driver.close())
    const runWarm = async (spec: BoxSpec): Promise<BoxOutcome> => {
      await driver.prepare('shell', WAITING_SHELL)
      return driver.run(asSource(spec))
    }
    const runCold = (spec: BoxSpec) => driver.run({ ...asSource(spec), warm: undefined })

    it('show a program what a new box would: limits, rights, descriptors, files, environment', async () => {
      const spec = shellBox(LOOK_AROUND, { stdin: Buffer.from('input'), files: [{ path: 'a/b', content: Buffer.from('x') }] })
      const [warm, cold] = [await runWarm(spec), await runCold(spec)]
      expect([warm.mode, cold.mode]).toEqual(['warm', 'cold'])
      expect(warm.stdout.toString().split('\n')).toEqual(cold.stdout.toString().split('\n'))
      expect(cold.stdout.toString()).toContain('NoNewPrivs:\t1')
    })
    it('hold limits that are lower or higher than those they waited with', async () => {
      const run = (script: string, limits: Partial<BoxSpec['limits']>) => runWarm(shellBox(script, { limits }))
      expect(await run('head -c 60000000 /dev/zero | tail | wc -c', { memoryBytes: 24 * MIB })).toMatchObject({ mode: 'warm', status: 'memory_limit' })
      expect(await run('head -c 160000000 /dev/zero | tail -c 150000000 | wc -c', { memoryBytes: 400 * MIB })).toMatchObject({ mode: 'warm', status: 'ok', oomKilled: false })
      expect(await run('while :; do :; done', { cpuMs: 150 })).toMatchObject({ mode: 'warm', status: 'cpu_limit' })
      expect(await run('sleep 5', { wallMs: 100 })).toMatchObject({ mode: 'warm', status: 'time_limit' })
      const crowd = await run('i=0; while [ $i -lt 20 ]; do sleep 1 & i=$((i+1)); done; echo all', { processes: 5 })
      expect([crowd.mode, crowd.status === 'ok', crowd.stdout.toString()]).toEqual(['warm', false, ''])
    })
    it('count the time of the run, not the time they waited', async () => {
      await driver.prepare('shell', WAITING_SHELL)
      await sleep(400)
      const outcome = await driver.run(asSource(shellBox('echo hello')))
      expect(outcome).toMatchObject({ mode: 'warm', status: 'ok' })
      expect(outcome.wallMs).toBeLessThan(300)
      expect(outcome.cpuMs).toBeLessThan(50)
    })
    it('are left alone by a run for which anything would differ, which is run in a new box', async () => {
      const spec = asSource(shellBox('echo "$0 $1 $HELLO"'))
      const others: BoxSpec[] = [
        { ...spec, argv: [...spec.argv, 'one'] }, { ...spec, env: { HELLO: 'you' } }, { ...spec, mounts: [{ source: '/etc/hostname', target: '/opt/name' }] },
        { ...spec, limits: { ...LIMITS, diskBytes: 9 * MIB } }, { ...spec, stdin: Buffer.alloc(200_000) }, { ...spec, warm: 'unknown' },
        { ...spec, files: [{ ...spec.files[0]!, content: Buffer.concat([spec.files[0]!.content, Buffer.from(`\n# ${'x'.repeat(64 * 1024)}`)]) }] },
      ]
      await driver.prepare('shell', WAITING_SHELL)
      for (const other of others) expect(await driver.run(other)).toMatchObject({ status: 'ok', mode: 'cold' })
      expect((await driver.run(others[1]!)).stdout.toString()).toBe('/work/.main.sh  you\n')
      expect(await driver.run(spec)).toMatchObject({ status: 'ok', mode: 'warm' })
    })
    it('take a source of up to 60 KiB, byte by byte as it is', async () => {
      const filler = `# ${'ż'.repeat(25_000)}\n`
      const outcome = await runWarm(shellBox(`${filler}wc -c < /work/.main.sh; echo end`))
      expect(outcome).toMatchObject({ status: 'ok', mode: 'warm' })
      expect(outcome.stdout.toString()).toMatch(/^50\d\d\d\nend\n$/)
    })
    it('are for one run each, and others are started for those taken', async () => {
      await driver.prepare('shell', WAITING_SHELL)
      const boots = new Set<string>()
      for (let i = 0; i < 6; i++) {
        const outcome = await driver.run(asSource(shellBox('ls /tmp; echo x > /tmp/left; ls -ldi --full-time /proc/1')))
        expect(outcome.stdout.toString()).not.toContain('left')
        boots.add(outcome.stdout.toString())
        await sleep(60)
      }
      expect(boots.size).toBe(6)
    })
    it('are not kept for a program that never comes to read its source', async () => {
      await driver.prepare('never', { ...WAITING_SHELL, argv: ['/bin/true', '/work/.main.sh'] })
      const outcome = await driver.run({ ...asSource(shellBox('echo x')), argv: ['/bin/true', '/work/.main.sh'], warm: 'never' })
      expect(outcome).toMatchObject({ status: 'ok', mode: 'cold' })
    }, 90_000)
  })

  it('leave nothing behind when they are given back, and when the worker is killed', async () => {
    const folders = () => readdirSync('/tmp').filter(name => name.startsWith(`bespin-box-${process.pid}-`))
    const driver = openBwrap()
    await driver.prepare('shell', WAITING_SHELL)
    await sleep(200)
    const [folder] = folders()
    expect(processesOf(folder!).length).toBeGreaterThan(0)
    await driver.close()
    expect([folders(), processesOf(folder!)]).toEqual([[], []])

    const worker = fork(join(import.meta.dirname, 'waiting-worker.ts'))
    const [{ mark }] = await once(worker, 'message') as [{ mark: string }]
    expect(processesOf(mark).length).toBeGreaterThan(0)
    worker.kill('SIGKILL')
    await once(worker, 'exit')
    for (const end = performance.now() + 1000; processesOf(mark).length && performance.now() < end;) await sleep(20)
    expect(processesOf(mark)).toEqual([])
    await openBwrap({ cgroups: 'none' }).run(shellBox('true'))
    expect(existsSync(`/tmp/${mark}`)).toBe(false)
  })
})
