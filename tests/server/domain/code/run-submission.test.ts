import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MissingLanguageError } from '#server/domain/code/code-runner.ts'
import type { OutputPiece } from '#server/domain/code/tell-pieces.ts'
import { CODE_BOUNDS } from '#shared/code-limits.ts'
import { runOf, runsOf, startRunner, type TestRunner } from '../../../support/code-runner.ts'

let runner: TestRunner
beforeAll(async () => runner = await startRunner({ caps: { wall_ms: 60_000 } }))
afterAll(() => runner.close())
const bash = (code: string, more: object = {}) => runner.execute({ language: 'bash', code, ...more })

describe('the sentence of a run', () => {
  it.each([
    ['true', {}, /^exited with code 0 after \d+ ms$/],
    ['exit 137', {}, /^exited with code 137$/],
    ['kill -SEGV $$', {}, /^ended by signal SIGSEGV \(segmentation fault\)$/],
    ['kill -KILL $$', {}, /^ended by signal SIGKILL \(killed\)$/],
    ['echo before; sleep 9', { wall_ms: 1000 }, /^killed after 1\.\d s wall time; limit 1 s$/],
    ['echo before; while :; do :; done', { cpu_ms: 300 }, /^killed after \d+ ms of CPU time; limit 300 ms$/],
    ['while :; do echo before; done', { output_bytes: 5000 }, /^stopped: stdout passed its limit of 5000 bytes; what was printed before is kept$/],
    ['while :; do echo before >&2; done', { output_bytes: 5000 }, /^stopped: stderr passed its limit of 5000 bytes/],
    ['echo before; head -c 9000000 /dev/zero > file', { disk_bytes: 1_048_576 }, /^stopped: its files passed the limit of 1 MiB \(1048576 bytes\)/],
  ])('after %s with %o says what happened, and with which limit', async (code, limits, sentence) => {
    const result = await bash(code, { limits })
    expect(result.message).toMatch(sentence)
    expect(runOf(result).message).toBe(result.message)
    if (code.includes('before')) expect(runOf(result).stdout + runOf(result).stderr).toContain('before')
  })
})

describe('limits', () => {
  it('are in the result, each with its value, whether it was asked for and what holds it', async () => {
    const { limits } = await bash('true', { limits: { wall_ms: 1234 } })
    expect(limits.wall_ms).toEqual({ value: 1234, requested: true, enforced_by: runner.document.enforcement.wall_ms })
    expect(limits.processes).toMatchObject({ value: 64, requested: false })
    expect(limits.memory_bytes.enforced_by).not.toBe('none')
  })

  it('that have sunk below what was asked for hold, and a note says so', async () => {
    const result = await bash('true', { limits: { wall_ms: 300_000 } })
    expect(result.limits.wall_ms).toMatchObject({ value: 60_000, requested: true })
    expect(runOf(result).notes).toContain('wall_ms was asked for as 300000; this server allows at most 60000 now')
  })
})

describe('several inputs', () => {
  it('run the program that was compiled once, each with its own input and arguments', async () => {
    const result = await runner.execute({
      language: 'typescript', code: 'import { readFileSync } from "node:fs"\nconsole.log(readFileSync(0, "utf8") + process.argv[2])\nprocess.exit(Number(process.argv[2]))',
      runs: [{ stdin: 'a', args: ['0'] }, { name: 'second', stdin: 'b', args: ['1'] }, { stdin: 'c', args: ['0'] }],
    })
    expect(runsOf(result).map(({ index, name, stdout, exit_code }) => [index, name, stdout, exit_code])).toEqual([[0, null, 'a0\n', 0], [1, 'second', 'b1\n', 1], [2, null, 'c0\n', 0]])
    expect(result).toMatchObject({ status: 'nonzero_exit', message: '2 of 3 inputs ended ok; input 2 ("second"): exited with code 1', compile: { status: 'ok' }, compile_cached: false })
    expect(result.run).toBeUndefined()
  })

  it('end with the first failure when that is asked for', async () => {
    const result = await bash('exit $1', { stop_at_first_failure: true, runs: ['0', '7', '0', '0'].map(code => ({ args: [code] })) })
    expect(runsOf(result).map(run => run.exit_code)).toEqual([0, 7])
    expect(result).toMatchObject({ runs_left_out: 2, message: '1 of 4 inputs ended ok; input 2: exited with code 7; 2 were left out' })
  })

  it('stay in their order when the first takes longest', async () => {
    const result = await bash('sleep $1; echo $1', { runs: ['0.6', '0', '0', '0.1', '0'].map(time => ({ args: [time] })) })
    expect(runsOf(result).map(run => run.stdout)).toEqual(['0.6\n', '0\n', '0\n', '0.1\n', '0\n'])
    expect(result.message).toBe('all 5 inputs ended ok')
  })

  it('keep no more of what they print than a result may hold, and say what is missing', async () => {
    const result = await bash('head -c 900000 /dev/zero | tr "\\0" x', { limits: { output_bytes: 1_000_000 }, runs: Array.from({ length: 4 }, () => ({})) })
    expect(runsOf(result).reduce((sum, run) => sum + run.stdout.length, 0)).toBe(CODE_BOUNDS.keptOutputBytes)
    expect(runsOf(result)[2]).toMatchObject({ status: 'ok', output_truncated: { stdout: true, stderr: false } })
    expect(runsOf(result)[3]?.notes).toEqual([expect.stringContaining('900000 bytes of its output are not kept')])
  })
})

describe('what a program prints', () => {
  it('arrives byte for byte: text as text, anything else as base64', async () => {
    expect(runOf(await bash('printf "a\\tżółw\\n"'))).toMatchObject({ stdout: 'a\tżółw\n', encoding: 'utf8' })
    const bytes = runOf(await bash('printf "a\\0b\\xff"; printf text >&2'))
    expect(bytes).toMatchObject({ encoding: 'base64', stderr: Buffer.from('text').toString('base64') })
    expect([...Buffer.from(bytes.stdout, 'base64')]).toEqual([97, 0, 98, 255])
  })

  it('stays text when a limit cuts a character in two', async () => {
    const { stdout, encoding } = runOf(await bash('printf "xżżżż"', { limits: { output_bytes: 4 } }))
    expect([stdout, encoding]).toEqual(['xż', 'utf8'])
  })

  it('is told while it runs, whole characters at a time', async () => {
    const pieces: (OutputPiece & { at: number })[] = []
    const began = performance.now()
    await runner.execute({ language: 'bash', code: 'printf "\\xc5"; sleep 0.4; printf "\\xbc one"; sleep 0.4; printf "\\xff two"; echo err >&2' },
      { onOutput: piece => void pieces.push({ ...piece, at: performance.now() - began }) })
    const stdout = pieces.filter(({ stream }) => stream === 'stdout')
    expect(stdout.map(({ data, encoding, offset }) => [data, encoding, offset])).toEqual([['ż one', 'utf8', 0], [Buffer.from([255, ...Buffer.from(' two')]).toString('base64'), 'base64', 6]])
    expect(stdout[1]!.at - stdout[0]!.at).toBeGreaterThan(200)
    expect(pieces.find(({ stream }) => stream === 'stderr')).toMatchObject({ stage: 'run', input: null, data: 'err\n', offset: 0 })
  })
})

describe('stopping a submission', () => {
  it('ends what runs and starts nothing more', async () => {
    const stop = new AbortController()
    const running = runner.execute({ language: 'bash', code: 'sleep 30', limits: { wall_ms: 60_000 }, runs: Array.from({ length: 20 }, () => ({})) }, { signal: stop.signal })
    await sleep(300)
    const began = performance.now()
    stop.abort()
    const result = await running
    expect(performance.now() - began).toBeLessThan(1500)
    expect(result.status).toBe('canceled')
    expect(runsOf(result).length + (result.runs_left_out ?? 0)).toBe(20)
  })
})

it('says which languages there are when one is not known', async () => {
  await expect(runner.execute({ language: '__proto__', code: 'x' })).rejects.toThrow(MissingLanguageError)
  await expect(runner.execute({ language: 'cobol', code: 'x' })).rejects.toThrow(/knows no language "cobol"; it runs .*bash/)
})
