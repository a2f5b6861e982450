import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CodeFile } from '#shared/schemas/code.ts'
import { runOf, startRunner, type TestRunner } from '../../../support/code-runner.ts'

let runner: TestRunner
beforeAll(async () => runner = await startRunner())
afterAll(() => runner.close())
const file = (name: string, content: string): CodeFile => ({ name, content, encoding: 'utf8' })

/** What jobs could write to, if anything: every file of caches and toolchain that opens for writing is counted. */
const OPEN_FOR_WRITING = `package main
import ("fmt"; "os"; "path/filepath")
func main() { n := 0; for _, v := range []string{"/opt", "/usr", os.Getenv("GOCACHE")} { if v == "" { continue }
  filepath.Walk(v, func(p string, i os.FileInfo, e error) error { if e == nil && i.Mode().IsRegular() { if f, er := os.OpenFile(p, os.O_WRONLY|os.O_APPEND, 0); er == nil { f.Close(); n++ } }; return nil }) }
  fmt.Println("writable:", n) }`

describe('go', { timeout: 180_000 }, () => {
  const run = async (code: string, files: CodeFile[] = []) => runner.execute({ language: 'go', code, files })
  const isHere = () => runner.document.runtimes.some(({ language }) => language === 'go')

  it('compiles every file of the folder but tests', async (context) => {
    if (!isHere()) return context.skip('Go is not installed')
    const files = [file('other.go', 'package main\nfunc other() string { return "other" }'), file('main_test.go', 'package nothing'), file('notes.txt', 'x')]
    expect(runOf(await run('package main\nimport "fmt"\nfunc main() { fmt.Println(other()) }', files)).stdout).toBe('other\n')
  })

  it('builds a module of several packages', async (context) => {
    if (!isHere()) return context.skip('Go is not installed')
    const files = [file('go.mod', 'module example.test/app\n'), file('deep/word.go', 'package deep\nconst Word = "deep"')]
    expect(runOf(await run('package main\nimport ("fmt"; "example.test/app/deep")\nfunc main() { fmt.Println(deep.Word) }', files)).stdout).toBe('deep\n')
  })

  it('has the whole standard library', async (context) => {
    if (!isHere()) return context.skip('Go is not installed')
    const code = 'package main\nimport ("encoding/json"; "fmt"; "net/http"; "regexp"; "crypto/sha256")\nfunc main() { b, _ := json.Marshal(map[string]int{"a": http.StatusOK}); fmt.Println(string(b), regexp.MustCompile("a").MatchString("a"), len(sha256.Sum256(b))) }'
    expect(runOf(await run(code)).stdout).toBe('{"a":200} true 32\n')
  })

  it.for([
    ['an import that is nowhere', 'import _ "github.com/nobody/nothing"', 'could not import'],
    ['a package of the library\'s own', 'import _ "internal/abi"', 'could not import'],
    ['C', '// #include "/etc/shadow"\nimport "C"', 'could not import'],
    ['a file of the machine', 'import _ "embed"\n//go:embed ../../etc/shadow\nvar s string', 'go:embed'],
  ])('refuses %s as an error of the source', async ([_, declaration, words], context) => {
    if (!isHere()) return context.skip('Go is not installed')
    const { status, compile } = await run(`package main\n${declaration}\nfunc main() {}`)
    expect(status).toBe('compile_error')
    expect(`${compile?.stdout}${compile?.stderr}`).toContain(words)
    expect(`${compile?.stdout}${compile?.stderr}`).not.toMatch(/root:[$x*]/)
  })

  it('gives a program nothing of toolchain or cache to write to', async (context) => {
    if (!isHere()) return context.skip('Go is not installed')
    expect(runOf(await run(OPEN_FOR_WRITING)).stdout).toBe('writable: 0\n')
    expect(runOf(await run('package main\nimport "fmt"\nfunc main() { fmt.Println("clean") }')).stdout).toBe('clean\n')
  })
})
