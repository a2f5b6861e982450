import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MissingLanguageError, openCodeRunner } from '#server/domain/code/code-runner.ts'
import { NOT_PROVEN } from '#server/domain/code/describe-runner.ts'
import { SandboxError } from '#server/domain/code/present-stage.ts'
import type { BoxOutcome, BoxSpec, SandboxDriver, SandboxProof } from '#server/infra/sandbox/driver.ts'
import { RunnerDocument } from '#shared/schemas/code.ts'
import { PRODUCT_CAPS } from '../../../support/code-runner.ts'

const FINE: BoxOutcome = {
  status: 'ok', exitCode: 0, signal: null, timedOut: false, oomKilled: false, truncated: { stdout: false, stderr: false },
  cpuMs: 1, wallMs: 2, peakMemoryBytes: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), notes: [], mode: 'cold',
}
const PROVEN: SandboxProof = { ...NOT_PROVEN, ok: true, reason: null }
const BROKEN: BoxOutcome = { ...FINE, status: 'internal_error', exitCode: null, notes: ['no namespace could be made'] }

let folder: string
beforeAll(async () => folder = await mkdtemp(join(tmpdir(), 'bespin-runner-')))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A sandbox that can fail on purpose, as the real one does not: what a runner makes of it is the subject here. */
function actingDriver(act: (spec: BoxSpec) => Partial<BoxOutcome>): SandboxDriver {
  const isVersion = (spec: BoxSpec) => spec.files.length === 0
  const run = async (spec: BoxSpec): Promise<BoxOutcome> => isVersion(spec)
    ? { ...FINE, stdout: Buffer.from(spec.argv[0]!.endsWith('bash') ? 'GNU bash, version 5.2.0(1)' : spec.argv[0]!.endsWith('node') ? 'v24.1.0' : '') }
    : { ...FINE, ...act(spec) }
  return { name: 'bwrap', probe: async () => PROVEN, prepare: async () => {}, run, close: async () => {} }
}
const open = (driver: SandboxDriver | null, proof = PROVEN) => openCodeRunner({
  openSandbox: async () => ({ driver, proof }), caps: PRODUCT_CAPS, searchPath: ['/usr/bin'], keepOut: [folder],
  cache: { folder: join(folder, 'programs'), maxBytes: 1e6 }, preparedFolder: join(folder, 'toolchains'),
})

describe('a runner', () => {
  it('without a sandbox that holds runs nothing, and its document says why and what to do', async () => {
    const runner = await open(null, { ...NOT_PROVEN, reason: 'bubblewrap is not installed.', remedy: 'apt install bubblewrap' })
    expect(RunnerDocument.parse(runner.document)).toMatchObject({ ok: false, driver: null, reason: 'bubblewrap is not installed.', remedy: 'apt install bubblewrap', runtimes: [] })
    await expect(runner.run({ language: 'bash', code: 'true' })).rejects.toThrow(MissingLanguageError)
  })

  it('runs again when a later proof holds, and stops when it no longer does', async () => {
    const proofs = [NOT_PROVEN, PROVEN, NOT_PROVEN]
    const driver = { ...actingDriver(() => ({})), probe: async () => proofs[proofs.length - 1]! }
    const runner = await openCodeRunner({
      openSandbox: async () => ({ driver: proofs.length === 3 ? null : driver, proof: proofs.shift()! }), caps: PRODUCT_CAPS, searchPath: ['/usr/bin'], keepOut: [],
      cache: { folder: join(folder, 'programs'), maxBytes: 1e6 }, preparedFolder: join(folder, 'toolchains'),
    })
    expect(runner.document.ok).toBe(false)
    expect((await runner.prove()).runtimes.map(({ language }) => language)).toContain('bash')
    expect((await runner.run({ language: 'sh', code: 'true' })).status).toBe('ok')
    expect((await runner.prove()).ok).toBe(false)
    await expect(runner.run({ language: 'bash', code: 'true' })).rejects.toThrow(MissingLanguageError)
  })

  it('takes a sandbox that failed for no fault of the program: it throws, in every stage', async () => {
    const runner = await open(actingDriver(() => BROKEN))
    for (const payload of [{ language: 'bash', code: 'x' }, { language: 'ts', code: 'x' }, { language: 'bash', code: 'x', compile_only: true }, { language: 'bash', code: 'x', runs: [{}, {}] }]) {
      await expect(runner.run(payload)).rejects.toThrow(SandboxError)
      await expect(runner.run(payload)).rejects.toThrow(/no namespace could be made.*not to blame; the job runs again/)
    }
  })

  it('starts no further inputs after the sandbox failed for one', async () => {
    let boxes = 0
    const runner = await open(actingDriver(() => ++boxes > 3 ? BROKEN : {}))
    await expect(runner.run({ language: 'bash', code: 'x', runs: Array.from({ length: 50 }, () => ({})) })).rejects.toThrow(SandboxError)
    expect(boxes).toBeLessThan(12)
  })

  it('gives a program its environment and nothing else, and the compiler none of it', async () => {
    const specs: BoxSpec[] = []
    const runner = await open(actingDriver((spec) => {
      specs.push(spec)
      return spec.collect ? { collected: Buffer.from('{"main.ts":"x"}') } : {}
    }))
    await runner.run({ language: 'ts', code: 'x', env: { SECRET: 'of the user' }, args: ['-e', 'y'] })
    expect(specs.map(spec => spec.env)).toEqual([{}, { SECRET: 'of the user' }])
    expect(specs[1]!.argv.slice(-3)).toEqual(['/work/main.js', '-e', 'y'])
    expect(specs[1]!.files).toEqual([{ path: 'main.js', content: Buffer.from('x') }])
  })

  it('leaves out a file that bears the name of the source or of the program', async () => {
    const specs: BoxSpec[] = []
    const runner = await open(actingDriver(spec => (specs.push(spec), {})))
    const file = (name: string) => ({ name, content: 'eA==', encoding: 'base64' as const })
    await runner.run({ language: 'bash', code: 'true', files: [file('main.sh'), file('.program'), file('sub/data')] })
    expect(specs[0]!.files.map(({ path, content }) => [path, Buffer.from(content).toString()])).toEqual([['main.sh', 'true'], ['sub/data', 'x']])
  })

  it.each([
    [{ status: 'memory_limit', oomKilled: true, signal: 'SIGKILL', exitCode: null }, 'killed: its memory passed the limit of 256 MiB (268435456 bytes)'],
    [{ status: 'disk_limit', signal: 'SIGXFSZ', exitCode: null }, 'stopped: its files passed the limit of 64 MiB (67108864 bytes) or of 4096 files and folders'],
    [{ status: 'time_limit', wallMs: 10_003, timedOut: true }, 'killed after 10.0 s wall time; limit 10 s'],
    [{ status: 'signaled', signal: 'SIG42', exitCode: null }, 'ended by signal SIG42'],
  ] as const)('tells %o in words', async (outcome, words) => {
    const runner = await open(actingDriver(() => outcome))
    expect((await runner.run({ language: 'bash', code: 'x' })).message).toBe(words)
  })
})
