import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BoxOutcome, BoxSpec, SandboxDriver } from '../../../../server/infra/sandbox/driver.ts'

const MIB = 1024 * 1024
export const LIMITS = { wallMs: 10_000, cpuMs: 10_000, memoryBytes: 128 * MIB, processes: 32, outputBytes: 65_536, diskBytes: 8 * MIB, inodes: 1000 }
type Wish = Partial<Omit<BoxSpec, 'limits'>> & { limits?: Partial<BoxSpec['limits']> }

/** A box of the shell script `script`, which finds further arguments in `$1`, `$2` and so on. */
export function shellBox(script: string, wish: Wish = {}, args: string[] = []): BoxSpec {
  return { argv: ['/bin/sh', '-c', script, 'sh', ...args], env: {}, mounts: [], files: [], stdin: Buffer.alloc(0), ...wish, limits: { ...LIMITS, ...wish.limits } }
}
const text = (outcome: BoxOutcome) => outcome.stdout.toString()

/** What every sandbox driver does, whatever it is made of. Programs are shell scripts, so that an image needs nothing else. */
export function describeDriver(name: string, open: () => SandboxDriver | Promise<SandboxDriver>): void {
  describe(name, () => {
    let driver: SandboxDriver
    beforeAll(async () => { driver = await open() })
    afterAll(() => driver.close())
    const run = (script: string, wish?: Wish, args?: string[]) => driver.run(shellBox(script, wish, args))

    it('proves itself', async () => {
      const proof = await driver.probe()
      expect(proof.steps.filter(step => !step.ok)).toEqual([])
      expect(proof).toMatchObject({ ok: true, reason: null })
      expect(proof.steps.length).toBeGreaterThan(10)
    })
    it('brings back both streams and the exit code', async () => {
      const outcome = await run('echo out; echo err >&2; exit 3')
      expect(outcome).toMatchObject({ status: 'nonzero_exit', exitCode: 3, signal: null, timedOut: false, oomKilled: false, truncated: { stdout: false, stderr: false } })
      expect([text(outcome), outcome.stderr.toString()]).toEqual(['out\n', 'err\n'])
    })
    it('tells how long it took and what it used', async () => {
      const outcome = await run('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.1')
      expect(outcome.status).toBe('ok')
      expect(outcome.wallMs).toBeGreaterThan(100)
      expect(outcome.cpuMs).toBeGreaterThan(1)
      expect(outcome.cpuMs).toBeLessThan(outcome.wallMs)
      expect(outcome.peakMemoryBytes).toBeGreaterThan(100_000)
      expect(outcome.peakMemoryBytes).toBeLessThan(64 * MIB)
    })
    it('gives arguments as they are, whatever they hold', async () => {
      const args = ['$(id)', '`id`', '; id', '', '-h', 'zażółć', '"\'', 'a\nb']
      const outcome = await run('for a in "$@"; do printf "[%s]" "$a"; done', {}, args)
      expect(text(outcome)).toBe(args.map(arg => `[${arg}]`).join(''))
    })
    it('gives the environment that was asked for and nothing of its own', async () => {
      const outcome = await run('env | cut -d= -f1 | sort | tr "\\n" " "; echo "$GREETING"', { env: { GREETING: 'a=b c' } })
      expect(text(outcome).split(' ').filter(name => !['_', 'PWD', 'SHLVL', 'OLDPWD', 'HOSTNAME', 'container', 'TERM'].includes(name)).join(' ')).toBe('GREETING HOME LANG PATH TMPDIR a=b c\n')
    })
    it('gives the input, which may be opened again and need not be read', async () => {
      expect(text(await run('cat', { stdin: Buffer.from('żółw\0!') }))).toBe('żółw\0!')
      expect(text(await run('cat < /dev/stdin', { stdin: Buffer.from('again') }))).toBe('again')
      expect((await run('echo done', { stdin: Buffer.alloc(MIB, 'x') })).status).toBe('ok')
      expect(text(await run('cat | wc -c'))).toContain('0')
    })
    it('puts files below /work, in folders, executable where wished', async () => {
      const files = [{ path: 'a/b/c.txt', content: Buffer.from([0, 255, 10]) }, { path: 'go.sh', content: Buffer.from('#!/bin/sh\necho went\n'), executable: true }]
      const outcome = await run('pwd; wc -c < a/b/c.txt; ./go.sh; echo more > new && cat new', { files })
      expect(text(outcome).split('\n').map(line => line.trim())).toEqual(['/work', '3', 'went', 'more', ''])
    })
    it('refuses files that would leave /work', async () => {
      for (const path of ['../x', '/etc/x', 'a/../../x', '']) {
        expect(await run('echo ran', { files: [{ path, content: Buffer.from('x') }] })).toMatchObject({ status: 'internal_error' })
      }
    })
    it('keeps every byte of the output', async () => {
      const content = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 7 + (i >> 8)) % 256))
      const outcome = await run('cat bytes; cat bytes >&2', { files: [{ path: 'bytes', content }] })
      expect(outcome.stdout.equals(content)).toBe(true)
      expect(outcome.stderr.equals(content)).toBe(true)
    })
    it('tells an exit code from a signal', async () => {
      expect(await run('exit 137')).toMatchObject({ status: 'nonzero_exit', exitCode: 137, signal: null })
      expect(await run('kill -9 $$')).toMatchObject({ status: 'signaled', exitCode: null, signal: 'SIGKILL', oomKilled: false, timedOut: false })
      expect(await run('kill -11 $$')).toMatchObject({ status: 'signaled', signal: 'SIGSEGV' })
    })
    it('says what it could not start', async () => {
      const outcome = await driver.run({ ...shellBox(''), argv: ['/usr/bin/no-such-program'] })
      expect(outcome).toMatchObject({ status: 'internal_error', exitCode: null })
      expect(outcome.notes.join()).toContain('ENOENT')
    })

    describe('limits', () => {
      it('ends at the wall time and keeps what was printed before', async () => {
        const outcome = await run('echo before; sleep 30', { limits: { wallMs: 300 } })
        expect(outcome).toMatchObject({ status: 'time_limit', timedOut: true })
        expect(text(outcome)).toBe('before\n')
        expect(outcome.wallMs).toBeGreaterThanOrEqual(300)
        expect(outcome.wallMs).toBeLessThan(1500)
      })
      it('ends at the wall time what stopped itself, closed its streams and ignores signals', async () => {
        expect((await run('trap "" TERM INT HUP; exec 0<&- 1>&- 2>&-; while :; do sleep 1; done', { limits: { wallMs: 200 } })).status).toBe('time_limit')
        expect((await run('kill -STOP $$', { limits: { wallMs: 200 } })).status).toBe('time_limit')
      })
      it('counts the CPU time of all processes together', async () => {
        const outcome = await run('for i in 1 2 3 4; do (while :; do :; done) & done; wait', { limits: { cpuMs: 400 } })
        expect(outcome).toMatchObject({ status: 'cpu_limit', timedOut: false })
        expect(outcome.cpuMs).toBeGreaterThan(350)
        expect(outcome.cpuMs).toBeLessThan(1500)
      })
      it('ends at the limit of memory and leaves alone what stays below', async () => {
        const limits = { memoryBytes: 48 * MIB }
        expect(await run('head -c 200000000 /dev/zero | tail', { limits })).toMatchObject({ status: 'memory_limit', oomKilled: true })
        const outcome = await run('head -c 20000000 /dev/zero | tail | wc -c', { limits: { ...limits, outputBytes: 100 } })
        expect(outcome).toMatchObject({ status: 'ok', oomKilled: false })
        expect(outcome.peakMemoryBytes).toBeGreaterThan(10 * MIB)
      })
      it('lets no more processes be than allowed', async () => {
        const outcome = await run('i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo all', { limits: { processes: 8, wallMs: 2000 } })
        expect(outcome.status).not.toBe('ok')
        expect(text(outcome)).not.toContain('all')
        expect(text(await run('sleep 0.2 & sleep 0.2 & sleep 0.2 & wait; echo all', { limits: { processes: 8 } }))).toBe('all\n')
      })
      it('survives a fork bomb', async () => {
        const outcome = await run('b() { b | b & }; b; sleep 30', { limits: { processes: 20, wallMs: 800 } })
        expect(outcome.status).not.toBe('internal_error')
        expect((await run('echo alive')).status).toBe('ok')
      })
      it('lets exactly as much output through as allowed, per stream', async () => {
        const fits = await run('head -c 1000 /dev/zero; head -c 1000 /dev/zero >&2', { limits: { outputBytes: 1000 } })
        expect(fits).toMatchObject({ status: 'ok', truncated: { stdout: false, stderr: false } })
        expect([fits.stdout.length, fits.stderr.length]).toEqual([1000, 1000])
        const over = await run('head -c 1001 /dev/zero >&2; sleep 30', { limits: { outputBytes: 1000 } })
        expect(over).toMatchObject({ status: 'output_limit', truncated: { stdout: false, stderr: true } })
        expect(over.stderr.length).toBe(1000)
        expect(over.wallMs).toBeLessThan(5000)
        expect(over.notes.join()).toContain('1000')
      })
      it('ends a flood without holding it', async () => {
        const outcome = await run('cat /dev/zero')
        expect(outcome.status).toBe('output_limit')
        expect(outcome.stdout.length).toBe(LIMITS.outputBytes)
      })
      it('refuses more disk than allowed', async () => {
        const outcome = await run('dd if=/dev/zero of=big bs=65536 count=1000 2>/dev/null || { stat -c %s big; exit 1; }', { limits: { diskBytes: MIB } })
        expect(outcome.status).toBe('disk_limit')
        expect(Number(text(outcome) || 0)).toBeLessThanOrEqual(MIB)
        expect((await run('dd if=/dev/zero of=fits bs=65536 count=15 2>/dev/null', { limits: { diskBytes: MIB } })).status).toBe('ok')
      })
      it('ends at too many files', async () => {
        const outcome = await run('i=0; while :; do : > f$i; i=$((i+1)); done', { limits: { inodes: 100 } })
        expect(outcome.status).toBe('disk_limit')
        expect(outcome.notes.join()).toContain('100')
      })
    })

    describe('its end', () => {
      it('ends what runs in the background with the program', async () => {
        const began = performance.now()
        const outcome = await run('(setsid sleep 30; echo late) & nohup sleep 30 >/dev/null 2>&1 & echo started')
        expect(outcome.status).toBe('ok')
        expect(text(outcome)).toBe('started\n')
        expect(performance.now() - began).toBeLessThan(5000)
      })
      it('is told at once when it is aborted', async () => {
        const abort = new AbortController()
        const ended = driver.run(shellBox('echo before; (sleep 30) & sleep 30'), { signal: abort.signal, onOutput: () => setTimeout(() => abort.abort(), 50) })
        await new Promise(resolve => abort.signal.addEventListener('abort', resolve))
        const began = performance.now()
        expect(await ended).toMatchObject({ status: 'canceled', timedOut: false })
        expect(performance.now() - began).toBeLessThan(1000)
      })
      it('does not begin what was aborted before', async () => {
        expect(await driver.run(shellBox('echo ran'), { signal: AbortSignal.abort() })).toMatchObject({ status: 'canceled', exitCode: null, stdout: Buffer.alloc(0) })
      })
      it('streams what it prints while it runs, in order', async () => {
        const seen: { stream: string, bytes: string, at: number }[] = []
        const began = performance.now()
        const outcome = await driver.run(shellBox('echo one; sleep 0.4; echo two; echo e >&2'), { onOutput: (stream, bytes) => seen.push({ stream, bytes: Buffer.from(bytes).toString(), at: performance.now() - began }) })
        const end = performance.now() - began
        expect(seen.filter(each => each.stream === 'stdout').map(each => each.bytes).join('')).toBe('one\ntwo\n')
        expect(seen[0]!.at).toBeLessThan(end - 300)
        expect(outcome.stdout.toString()).toBe('one\ntwo\n')
      })
      it('survives a listener that throws', async () => {
        const outcome = await driver.run(shellBox('echo x'), { onOutput: () => { throw new Error('not now') } })
        expect([outcome.status, text(outcome)]).toEqual(['ok', 'x\n'])
      })
      it('brings a file back, and nothing that only looks like one', async () => {
        const collect = { path: 'out/result', maxBytes: 100_000 }
        const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i * 13 % 256))
        const whole = await run('mkdir out; mv bytes out/result', { collect, files: [{ path: 'bytes', content }] })
        expect(whole.collected?.equals(content)).toBe(true)
        for (const [script, note] of [
          ['mkdir out; ln -s /etc/passwd out/result', 'absent'], ['ln -s /etc out', 'absent'], ['mkdir -p out/result', 'not a file'],
          ['mkdir out; mkfifo out/result', 'not a file'], ['mkdir out; head -c 100001 /dev/zero > out/result', 'too large'], ['true', 'absent'],
        ] as const) {
          const outcome = await run(script, { collect })
          expect({ script, status: outcome.status, collected: outcome.collected }).toEqual({ script, status: 'ok', collected: undefined })
          expect(outcome.notes.join()).toContain(note)
        }
        expect((await run('mkdir out; echo x > out/result; exit 1', { collect })).collected).toBeUndefined()
      })
    })

    describe('its walls', () => {
      it('shows nothing of this machine and lets nothing be written outside /work and /tmp', async () => {
        const outcome = await run('for p in /x /usr/x /etc/x /bin/x /lib/x /proc/x /dev/x /sys/x /root/x; do (: > $p) 2>/dev/null && echo "wrote $p"; done; for p in /root /home /var /etc/shadow /run; do [ -e $p/. ] && ls $p 2>/dev/null; done; cat /etc/shadow 2>/dev/null; : > /tmp/ok && echo fine')
        expect(text(outcome)).toBe('fine\n')
      })
      it('keeps boxes that run together apart', async () => {
        const outcomes = await Promise.all([1, 2, 3, 4, 5].map(n => run(`echo ${n} > /tmp/mine; echo ${n} > /work/mine; sleep 0.3; cat /tmp/mine /work/mine; ls /tmp /work | wc -l; ps 2>/dev/null | wc -l | grep -q "^[0-9]\\{3,\\}$" && echo crowded`)))
        expect(outcomes.map(outcome => text(outcome).trim().split(/\s+/).slice(0, 2).join())).toEqual(['1,1', '2,2', '3,3', '4,4', '5,5'])
        expect(outcomes.map(text).join()).not.toContain('crowded')
      })
      it('takes no word of a program for its own', async () => {
        const forged = '\\005\\000\\000\\000\\002{}'
        const outcome = await run(`i=0; while [ $i -lt 70 ]; do for t in "${forged}" '{"waitStatus":0}'; do (eval "printf '$t' >&$i") 2>/dev/null; done; i=$((i+1)); done; (printf '${forged}' > /proc/1/fd/3) 2>/dev/null; (printf x > /proc/1/mem) 2>/dev/null; kill -9 1 2>/dev/null; exit 9`, { limits: { outputBytes: 4000 } })
        expect(outcome).toMatchObject({ status: 'nonzero_exit', exitCode: 9 })
      })
      it('works on after many at once', async () => {
        const outcomes = await Promise.all(Array.from({ length: 24 }, (_, i) => run(`echo ${i}`)))
        expect(outcomes.map(outcome => text(outcome).trim())).toEqual(outcomes.map((_, i) => String(i)))
        await sleep(0)
      })
    })
  })
}
