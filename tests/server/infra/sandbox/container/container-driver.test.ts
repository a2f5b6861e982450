/**
 * The container driver on a real engine. Only where one is named, because it takes an image that was built before:
 *   docker build --tag bespin-sandbox --file deploy/sandbox/Dockerfile .
 *   TEST_CONTAINER_COMMAND=docker npx vitest run --project unit tests/server/infra/sandbox/container
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SandboxDriver } from '#server/infra/sandbox/driver.ts'
import { bash, box, createDriver, namesOfBoxes } from './real-engine.ts'

const command = process.env['TEST_CONTAINER_COMMAND']
const MIB = 1024 * 1024
let driver: SandboxDriver
const run = (...given: Parameters<typeof box>) => driver.run(box(...given))

if (command) {
  describe('the container driver', { timeout: 60_000 }, () => {
    beforeAll(() => { driver = createDriver(command) })
    afterAll(async () => {
      await driver.close()
      expect(namesOfBoxes(command).filter(name => name.startsWith(`bespin-box-${process.pid}-`))).toEqual([])
    })

    it('proves itself', async () => {
      const proof = await driver.probe()
      expect(proof.steps.filter(step => !step.ok)).toEqual([])
      expect(proof).toMatchObject({ ok: true, reason: null, cgroups: expect.stringMatching(/^v[12]$/) })
    })
    it('hands over arguments, input, files and environment byte by byte, and no shell in between', async () => {
      const odd = Buffer.from([0, 255, 10, 0xc3, 0x28])
      const outcome = await run(bash('cat; cat /work/a/b.bin; printf "%s|%s" "$1" "$SPOKEN"', '$(id); "x'), { stdin: odd, files: [{ path: 'a/b.bin', content: odd }], env: { SPOKEN: 'a=b c' } })
      expect(outcome).toMatchObject({ status: 'ok', exitCode: 0, signal: null })
      expect(outcome.stdout).toEqual(Buffer.concat([odd, odd, Buffer.from('$(id); "x|a=b c')]))
    })
    it('gives stdin as a file that can be opened again, and that ends', async () => {
      expect((await run(bash('cat /dev/stdin; cat; cat'), { stdin: Buffer.from('once') })).stdout.toString()).toBe('onceonce')
    })
    it.each([
      ['exit 3', { status: 'nonzero_exit', exitCode: 3, signal: null }],
      ['exit 137', { status: 'nonzero_exit', exitCode: 137, signal: null }],
      ['kill -9 $$', { status: 'signaled', exitCode: null, signal: 'SIGKILL' }],
      ['kill -SEGV $$', { status: 'signaled', exitCode: null, signal: 'SIGSEGV' }],
      ['kill -9 -1; kill -9 1; exit 4', { status: 'nonzero_exit', exitCode: 4 }],
    ])('tells how "%s" ended', async (script, expected) => {
      expect(await run(bash(script))).toMatchObject(expected)
    })
    it('answers a program that is not there with internal_error', async () => {
      expect(await run(['/usr/bin/nothing'])).toMatchObject({ status: 'internal_error', notes: [expect.stringContaining('/usr/bin/nothing: ENOENT')] })
    })
    it('keeps what was printed before time was up', async () => {
      const outcome = await run(bash('echo before; sleep 30 & sleep 30'), { limits: { wallMs: 300 } })
      expect(outcome).toMatchObject({ status: 'time_limit', timedOut: true })
      expect(outcome.stdout.toString()).toBe('before\n')
      expect(outcome.wallMs).toBeLessThan(2000)
    })
    it('counts CPU time over all processes', async () => {
      expect(await run(bash('for i in 1 2 3; do (while :; do :; done) & done; wait'), { limits: { cpuMs: 300 } })).toMatchObject({ status: 'cpu_limit', timedOut: false })
    })
    it('cuts each stream at its limit', async () => {
      const outcome = await run(bash('echo short >&2; yes'), { limits: { outputBytes: 5000 } })
      expect(outcome).toMatchObject({ status: 'output_limit', truncated: { stdout: true, stderr: false } })
      expect([outcome.stdout.length, outcome.stderr.toString()]).toEqual([5000, 'short\n'])
    })
    it('ends every process when memory runs out, and says so', async () => {
      const outcome = await run(bash('sleep 30 & x=$(head -c 200000000 /dev/zero | tr "\\0" a); echo survived'), { limits: { memoryBytes: 64 * MIB } })
      expect(outcome).toMatchObject({ status: 'memory_limit', oomKilled: true })
      expect(outcome.stdout.toString()).toBe('')
    })
    it('notes that processes were refused', async () => {
      const { notes } = await run(bash('for i in 1 2 3 4 5 6; do sleep 0.2 & done; wait'), { limits: { processes: 3 } })
      expect(notes).toContain('a process or thread was refused: the limit is 3')
    })
    it.each([
      ['the disk is full', 'head -c 9000000 /dev/zero > big', { diskBytes: MIB }],
      ['there are too many files', 'for i in {1..5000}; do : > $i; done', { inodes: 100 }],
    ])('ends as disk_limit when %s', async (_, script, limits) => {
      expect(await run(bash(script), { limits })).toMatchObject({ status: 'disk_limit' })
    })
    it('lets a program deal with a full disk', async () => {
      expect(await run(bash('head -c 9000000 /dev/zero > big; exit 0'), { limits: { diskBytes: MIB } })).toMatchObject({ status: 'ok', notes: ['the disk was full: the limit is 1048576 bytes'] })
    })
    it('brings a file back, and no link, nothing too large, nothing after a failure', async () => {
      const collect = { path: 'out', maxBytes: 1000 }
      expect((await run(bash('printf "a\\0b" > out'), { collect })).collected).toEqual(Buffer.from('a\0b'))
      for (const script of ['ln -s /etc/hostname out', 'head -c 1001 /dev/zero > out', 'echo x > out; exit 1', 'mkfifo out', 'true']) {
        expect((await run(bash(script), { collect })).collected, script).toBeUndefined()
      }
    })
    it('tells what is printed while it runs', async () => {
      const seen: string[] = []
      const outcome = driver.run(box(bash('echo one; sleep 1; echo two >&2')), { onOutput: (stream, bytes) => { seen.push(`${stream} ${Buffer.from(bytes).toString().trim()}`) } })
      await expect.poll(() => seen, { timeout: 20_000, interval: 20 }).toEqual(['stdout one'])
      await outcome
      expect(seen).toEqual(['stdout one', 'stderr two'])
    })
    it('cannot be told a false result by the program', async () => {
      const forged = 'printf "R\\0\\0\\0\\002{}"; for fd in /proc/1/fd/*; do echo x > $fd; done; cat /proc/1/environ'
      expect(await run(bash(`(${forged}) 2>/dev/null; exit 5`))).toMatchObject({ status: 'nonzero_exit', exitCode: 5 })
    })
    it('ends every process within two seconds of a cancel', async () => {
      const controller = new AbortController()
      const outcome = driver.run(box(bash('trap "" TERM INT; echo up; sleep 60 & while :; do sleep 1; done'), { limits: { wallMs: 60_000 } }), { signal: controller.signal, onOutput: () => setTimeout(() => controller.abort(), 50) })
      expect(await outcome).toMatchObject({ status: 'canceled', signal: 'SIGKILL' })
      expect((await outcome).wallMs).toBeLessThan(2000)
    })
    it('runs many at once, each in a container of its own', async () => {
      const outcomes = await Promise.all(Array.from({ length: 6 }, (_, i) => run(bash(`echo ${i} > /tmp/mine; sleep 0.2; cat /tmp/mine; ls /proc | grep -c "^[0-9]"`))))
      expect(outcomes.map(outcome => outcome.stdout.toString().split('\n')[0])).toEqual(['0', '1', '2', '3', '4', '5'])
    })
    it('leaves no container behind when its worker is killed', async () => {
      const worker = spawn(process.execPath, [new URL('killed-worker.ts', import.meta.url).pathname, command], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(worker.stdout, 'data')
      const mine = () => namesOfBoxes(command).filter(name => name.startsWith(`bespin-box-${worker.pid}-`))
      expect(mine()).not.toEqual([])
      worker.kill('SIGKILL')
      await expect.poll(mine, { timeout: 15_000, interval: 200 }).toEqual([])
    })
    it('removes what a dead worker could not', async () => {
      const [program, ...args] = command.split(' ')
      execFileSync(program!, [...args, 'create', '--name', 'bespin-box-4194304-left', '--label', `bespin.box=${hostname()}`, 'bespin-sandbox'], { stdio: 'pipe' })
      await driver.probe()
      expect(namesOfBoxes(command)).not.toContain('bespin-box-4194304-left')
    })
  })
}
else {
  it('is tried on a real engine when TEST_CONTAINER_COMMAND names one', () => expect(command).toBeUndefined())
}
