import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyNoBoxes } from '../../../../scripts/check/find-tools.ts'
import type { CodeExecutionPayload, CodeExecutionResult } from '#shared/schemas/code.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { runOf, startRunner, type TestRunner } from '../../../support/code-runner.ts'

type Payload = z.input<typeof CodeExecutionPayload>

describe.skipIf(whyNoBoxes())('interpreters that wait', () => {
  let warm: TestRunner
  let cold: TestRunner
  beforeAll(async () => {
    warm = await startRunner({ warm: true })
    cold = await startRunner()
  }, 120_000)
  afterAll(() => Promise.all([warm.close(), cold.close()]))
  /** Waits until one waits again: runs never do. */
  const execute = async (payload: Payload): Promise<CodeExecutionResult> => {
    await sleep(200)
    return warm.execute(payload)
  }
  const told = (result: CodeExecutionResult) => {
    const { status, exit_code, signal, stdout, stderr } = runOf(result)
    return { status, exit_code, signal, stdout, stderr }
  }
  const has = (language: string) => warm.document.runtimes.some(runtime => runtime.language === language)

  it('are there for Python, JavaScript and Bash, and the document says so', () => {
    const waiting = warm.document.runtimes.filter(runtime => runtime.warm).map(({ language }) => language)
    expect(waiting.toSorted()).toEqual(['python', 'javascript', 'bash'].filter(has).toSorted())
    expect(cold.document.runtimes.filter(runtime => runtime.warm)).toEqual([])
  })

  // Each of these finds out something about how it was started, and must find the same.
  const PROGRAMS: [string, Payload][] = [
    ['an uncaught error', { language: 'python', code: 'def f():\n    raise ValueError("x")\nprint("before")\nf()\n' }],
    ['a syntax error', { language: 'python', code: 'print("a")\nprint("hi\n' }],
    ['an empty line', { language: 'python', code: '\n' }],
    ['its own name, folder and source', { language: 'python', code: 'import sys, os, inspect\nprint(sys.argv, __file__, __name__, sys.path[0], sorted(os.listdir(".")), sys.flags, sys.orig_argv[1:])\nprint(open(__file__).read(), inspect.getsource(sys.modules["__main__"]))\n' }],
    ['modules that were brought', { language: 'python', code: 'import lib.a\nprint(lib.a.x)\n', files: [{ name: 'lib/a.py', content: 'x = "żółw"\n' }] }],
    ['input', { language: 'python', code: 'import sys\nprint(input(), sys.stdin.read(), sys.stdin.isatty(), sys.stdin.seekable())\n', stdin: 'one\ntwo\n' }],
    ['threads and processes', { language: 'python', code: 'import multiprocessing as m\ndef f(x): return x * 2\nif __name__ == "__main__":\n    m.set_start_method("spawn")\n    with m.Pool(2) as p: print(p.map(f, [1, 2]))\n' }],
    ['an exit code', { language: 'python', code: 'import sys; sys.exit(7)\n' }],
    ['a signal', { language: 'python', code: 'import os; os.kill(os.getpid(), 11)\n' }],
    ['a byte order mark', { language: 'python', code: '\ufeffprint("marked")\n' }],
    ['CommonJS', { language: 'javascript', code: 'console.log(__filename, process.argv.slice(1), process.execArgv, require("./b.js")); null.x\n', files: [{ name: 'b.js', content: 'module.exports = 4\n' }] }],
    ['modules', { language: 'javascript', code: 'import fs from "node:fs"\nimport { b } from "./b.mjs"\nconsole.log(b, import.meta.url, fs.readFileSync(0, "utf8"), await 3)\n', files: [{ name: 'b.mjs', content: 'export const b = 4\n' }], stdin: 'in' }],
    ['a script', { language: 'bash', code: 'echo "$0 $BASH_SOURCE $# $-"; read x; echo "$x"; cat; . ./b.sh; nosuch\nexit 3\n', files: [{ name: 'b.sh', content: 'echo sourced\n' }], stdin: 'in\nrest\n' }],
  ]
  for (const [name, payload] of PROGRAMS) {
    it(`run ${name} as those that are started for it (${payload.language})`, async ({ skip }) => {
      if (!has(payload.language)) skip()
      const [one, other] = [await execute(payload), await cold.execute(payload)]
      expect([one.isolation.mode, other.isolation.mode]).toEqual(['warm', 'cold'])
      expect(told(one)).toEqual(told(other))
    })
  }

  it('read a source in another encoding, and one with arguments or environment, in a new box', async ({ skip }) => {
    if (!has('python')) skip()
    for (const payload of [
      { language: 'python', code: '# -*- coding: latin-1 -*-\nprint("fine")\n' },
      { language: 'python', code: '#!/usr/bin/python3\n# vim: set fileencoding=iso-8859-15 :\nprint("fine")\n' },
      { language: 'python', code: 'import sys; print(sys.argv[1])\n', args: ['fine'] },
      { language: 'python', code: 'import os; print(os.environ["A"])\n', env: { A: 'fine' } },
    ]) {
      const result = await execute(payload)
      expect({ mode: result.isolation.mode, stdout: runOf(result).stdout }).toEqual({ mode: 'cold', stdout: 'fine\n' })
    }
  })

  it('share nothing: neither hashes nor random numbers nor addresses are the same twice', async ({ skip }) => {
    if (!has('python')) skip()
    const code = 'import os, random, uuid\nfor x in (hash("bespin"), random.random(), uuid.uuid4(), os.urandom(8), id(object()), [line for line in open("/proc/self/maps") if "[stack]" in line][0].split()[0]): print(x)\n'
    // The program itself may lie at a fixed address (Debian's Python does); the stack never.
    const lines = []
    for (let i = 0; i < 4; i++) lines.push(runOf(await execute({ language: 'python', code })).stdout.trim().split('\n'))
    for (const column of [0, 1, 2, 3, 4, 5]) expect(new Set(lines.map(line => line[column])).size).toBe(4)
  })

  it('serve several inputs at once as far as they go, and new boxes the rest', async ({ skip }) => {
    if (!has('python')) skip()
    await sleep(400)
    const result = await warm.execute({ language: 'python', code: 'print(input())\n', runs: Array.from({ length: 12 }, (_, i) => ({ stdin: `${i}\n` })) })
    expect(result.runs?.map(run => run.stdout)).toEqual(Array.from({ length: 12 }, (_, i) => `${i}\n`))
  })
})
