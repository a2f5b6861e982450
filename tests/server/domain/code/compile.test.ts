import { readdir, readFile, stat, writeFile, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CodeFile } from '#shared/schemas/code.ts'
import { runOf, startRunner, type TestRunner } from '../../../support/code-runner.ts'

const SLOW = 120_000
let runner: TestRunner
beforeAll(async () => runner = await startRunner())
afterAll(() => runner.close())

const file = (name: string, content: string): CodeFile => ({ name, content, encoding: 'utf8' })
const has = (language: string) => runner.document.runtimes.some(runtime => runtime.language === language)
const kept = () => readdir(join(runner.folder, 'programs'))
const ts = (mark: string, more: object = {}) => runner.execute({ language: 'ts', code: `const x: string = "${mark}"\nconsole.log(x)`, ...more })

describe('a program that was compiled before', () => {
  it('is not compiled again, and tells of the time when it was', async () => {
    const first = await ts('again')
    const second = await ts('again', { stdin: 'other input' })
    expect([first.compile_cached, second.compile_cached]).toEqual([false, true])
    expect(second.compile).toEqual(first.compile)
    expect(runOf(second).stdout).toBe('again\n')
  })

  it('is compiled anew for another source, another file beside it or other limits of compiling', async () => {
    await ts('other')
    const answers = [await ts('other '), await ts('other', { files: [file('data.txt', '1')] }), await ts('other', { limits: { compile_memory_bytes: 512 * 1024 * 1024 } })]
    expect(answers.map(answer => answer.compile_cached)).toEqual([false, false, false])
  })

  it('is compiled once when many ask for it at the same time', async () => {
    const before = (await kept()).length
    const answers = await Promise.all(Array.from({ length: 6 }, () => ts('together')))
    expect(answers.map(answer => answer.compile_cached).toSorted()).toEqual([false, true, true, true, true, true])
    expect((await kept()).length).toBe(before + 1)
  })

  it('is compiled for the others when the one who began it is cancelled', async () => {
    const stop = new AbortController()
    const first = runner.execute({ language: 'ts', code: 'console.log("stopped" as string)' }, { signal: stop.signal })
    await sleep(20)
    const second = runner.execute({ language: 'ts', code: 'console.log("stopped" as string)' })
    stop.abort()
    expect((await first).status).toBe('canceled')
    expect(runOf(await second).stdout).toBe('stopped\n')
  })

  it('lies where nobody can write to it, and is compiled anew when somebody did', async () => {
    await ts('tampered')
    for (const name of await kept()) {
      const path = join(runner.folder, 'programs', name)
      expect((await stat(path)).mode & 0o777).toBe(0o444)
      await chmod(path, 0o644)
      await writeFile(path, (await readFile(path, 'latin1')).replace(/tampered/g, 'poisoned'), 'latin1')
    }
    const answer = await ts('tampered')
    expect([answer.compile_cached, runOf(answer).stdout]).toEqual([false, 'tampered\n'])
  })

  it('is not kept when it does not compile', async () => {
    const before = (await kept()).length
    const broken = () => runner.execute({ language: 'ts', code: 'const x: = 1' })
    expect([(await broken()).compile_cached, (await broken()).compile_cached]).toEqual([false, false])
    expect((await kept()).length).toBe(before)
  })
})

describe('a compiler', () => {
  it('has limits of its own, and says which one ended it', { timeout: SLOW }, async (context) => {
    if (!has('cpp')) return context.skip('C++ is not installed')
    const code = 'template<int N> struct F { enum { v = F<N-1>::v + F<N-2>::v + N }; };\ntemplate<> struct F<0> { enum { v = 1 }; };\ntemplate<> struct F<1> { enum { v = 1 }; };\n#include <regex>\nint main() { return F<800>::v; }'
    const result = await runner.execute({ language: 'cpp', code, limits: { compile_wall_ms: 100 } })
    expect(result).toMatchObject({ status: 'compile_error', compile: { status: 'compile_error', reason: 'time_limit', timed_out: true } })
    expect(result.message).toMatch(/^did not compile: the compiler was killed after \d+ ms wall time; limit 100 ms$/)
    expect(result.limits.compile_wall_ms).toMatchObject({ value: 100, requested: true })
  })

  it('shows nothing of this machine', { timeout: SLOW }, async (context) => {
    if (!has('c')) return context.skip('C is not installed')
    const result = await runner.execute({ language: 'c', code: '#include "/etc/shadow"\n#include "/proc/self/environ"\nint main() {}' })
    expect(result.status).toBe('compile_error')
    expect(result.compile?.stderr).not.toMatch(/root:|PATH=|DATABASE/)
  })

  it('takes a file name for nothing but a file name', { timeout: SLOW }, async (context) => {
    if (!has('c')) return context.skip('C is not installed')
    const files = [file('-Wl,--version.c', 'int a;'), file('@options.c', 'int b;'), file('$(touch x).c', 'int c;'), file('sub/d.c', 'int d(void) { return 4; }')]
    expect(runOf(await runner.execute({ language: 'c', code: 'int d(void);\nint main() { return d(); }', files })).exit_code).toBe(4)
  })
})

describe('typescript', () => {
  it('runs several files, however their imports are written', async () => {
    const files = [
      file('lib/shape.ts', 'export interface Shape { sides: number }\nexport enum Kind { Round = "round" }'),
      file('count.ts', 'import type { Shape } from "./lib/shape.ts"\nexport const count = (s: Shape): number => s.sides'),
      file('word.mts', 'export const word: string = "sides"'), file('data.json', '{"from": "data"}'),
    ]
    const code = 'import { count } from "./count"\nimport { Kind } from "./lib/shape.ts"\nimport { word } from "./word.mjs"\nimport data from "./data.json" with { type: "json" }\nconsole.log(count({ sides: 3 }), word, Kind.Round, data.from)'
    expect(runOf(await runner.execute({ language: 'typescript', code, files }))).toMatchObject({ stdout: '3 sides round data\n', stderr: '' })
  })

  it('names the line of the source in an error, also where the types were more than blanked out', async () => {
    for (const first of ['type A = string', 'enum A { B }']) {
      const { stderr } = runOf(await runner.execute({ language: 'ts', code: `${first}\n\nthrow new Error("here")` }))
      expect(stderr).toMatch(/main\.[jt]s:3/)
    }
  })
})
