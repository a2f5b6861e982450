import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoBoxes } from '../../scripts/check/find-tools.ts'
import { countLeaks } from './count-leaks.ts'
import { judgeObservation } from './judge-observation.ts'
import { CANARY_ENV, localModes, openLocalTarget } from './local-target.ts'
import { readAttacks } from './read-attacks.ts'
import { inGroups, runGroup } from './run-attacks.ts'
import { observeRefusal, type Target } from './target.ts'
import type { Attack, Expectation, Observation } from './vocabulary.ts'

/** Of the vectors those that are over at once; `make attack` runs all of them. */
const QUICK = new Set([
  'control-python-hello', 'control-stdin-args-exit', 'control-args-not-shell', 'control-threads', 'control-subprocess', 'control-tmpfile', 'control-exit-137', 'control-self-sigkill',
  'control-output-exact', 'thread-bomb', 'visible-processes', 'raise-rlimits', 'memory-bomb-python', 'memory-many-processes', 'memory-through-memfd', 'sparse-file', 'deep-directories',
  'fifo-and-device-in-workspace', 'symlink-swap', 'read-passwd-users', 'env-secrets', 'inherited-descriptors', 'net-bash-devtcp', 'net-unix-sockets', 'net-vsock', 'stdio-socket-abuse',
  'sys-mount', 'sys-trace', 'sys-kernel-objects', 'sys-host-control', 'sys-proc-sys-writes', 'out-long-line', 'out-split-multibyte', 'jobs-shared-files-1', 'jobs-shared-files-2',
  'req-language-injection', 'req-language-prototype',
])
const isQuick = ({ id, quick, arch }: Attack) => (quick === true || QUICK.has(id)) && (arch === undefined || arch === process.arch)
const CANARIES = { DATABASE_URL: `postgres://u:${CANARY_ENV}@127.0.0.1:5432/x`, REDIS_URL: `redis://:${CANARY_ENV}@127.0.0.1:6379`, NUXT_SESSION_PASSWORD: CANARY_ENV }

const noBoxes = whyNoBoxes()
/** Every way cold, and the strongest warm too: the others warm are for `make attack`. */
const modes = noBoxes ? [] : localModes().filter(({ warm }, index) => !warm || index === 1)
for (const mode of modes) {
  describe(`hostile programs against a worker (${mode.name})`, () => {
    let target: Target
    beforeAll(async () => { target = await openLocalTarget(mode, CANARIES) })
    afterAll(() => target.close())

    it('runs programs as the mode says', async () => {
      expect(await target.submit({ language: 'python', code: 'print("which")' })).toMatchObject({ status: 'ok', mode: mode.warm ? 'warm' : 'cold' })
    })
    it.each(inGroups(readAttacks().filter(isQuick)).map(group => [group.map(({ id }) => id).join(' and '), group] as const))('are held: %s', async (_, group) => {
      const findings = await runGroup(target, group)
      expect(findings.filter(({ verdict }) => verdict !== 'held')).toEqual([])
    })
    it('leave nothing behind after 100 runs', async () => {
      expect(await countLeaks(target, 100)).toMatchObject({ verdict: 'held', reasons: [] })
    }, 60_000)
  })
}
if (noBoxes) it.skip(`hostile programs: ${noBoxes}`)

describe('the judge of the suite', () => {
  const seen = (more: Partial<Observation>): Observation => ({ ...observeRefusal(''), request: 'accepted', refusal: undefined, status: 'ok', exit_code: 0, stdout: Buffer.from('HELD\n'), ...more })
  const judge = (expected: Expectation, more: Partial<Observation> = {}) => judgeObservation(seen(more), { stdout_excludes: ['BREACH'], ...expected })

  it('is content with what was expected', () => {
    expect(judge({ status: ['ok', 'signaled'], exit_code: 0, signal: null, stdout_includes: ['HELD'], stdout_equals: 'HELD\n', stdout_bytes: 5, max_wall_ms: 10, peak_memory_between: [1, 2], timed_out: false })).toEqual([])
  })
  it('tells a program that got through from one that merely ended otherwise', () => {
    expect(judge({}, { stdout: Buffer.from('BREACH: read\nHELD\n') })).toEqual([{ text: expect.stringContaining('BREACH: read') as string, gotThrough: true }])
    expect(judge({ any_output_excludes: ['root:\\$'] }, { compiler: 'x\nroot:$6$abc' })).toMatchObject([{ gotThrough: true }])
    expect(judge({ status: ['ok'] }, { status: 'signaled' })).toMatchObject([{ gotThrough: false }])
  })
  it.each<[string, Expectation, Partial<Observation>]>([
    ['another exit code', { exit_code: 3 }, {}], ['another signal', { signal: 'SIGKILL' }, {}], ['a flag', { oom_killed: true }, {}],
    ['other output', { stdout_equals: 'x' }, {}], ['output that is missing', { stdout_includes: ['x'] }, {}], ['output of another form', { stdout_regex: '^x$' }, {}],
    ['too much output', { max_stdout_bytes: 3 }, {}], ['another size', { stdout_bytes: 3 }, {}], ['no message', { any_output_includes: ['undefined'] }, {}],
    ['too long', { max_wall_ms: 10 }, { wall_ms: 11 }], ['too long as watched', { max_wall_ms: 10 }, { watched_ms: 9000 }], ['too much CPU time', { max_cpu_ms: 10 }, { cpu_ms: 11 }],
    ['an unlikely measure', { peak_memory_between: [5, 9] }, { peak_memory_bytes: 4 }], ['a request that was taken', { request: ['rejected_4xx'] }, {}],
    ['a request that was refused', {}, { request: 'rejected_4xx', refusal: 'unknown language' }],
  ])('complains of %s', (_, expected, more) => {
    expect(judge(expected, more).length).toBeGreaterThan(0)
  })
})
