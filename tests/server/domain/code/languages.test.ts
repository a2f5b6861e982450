import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLanguages } from '#server/domain/code/read-languages.ts'
import { runOf, startRunner, type TestRunner } from '../../../support/code-runner.ts'

/**
 * One line per language. `works` prints its input and its arguments, joined by "|", and ends with the number of its arguments as exit
 * code; `broken` does not compile (or parse); `fails` begins and then ends by an error of its own.
 */
const SAMPLES: Record<string, { works: string, broken: string, fails: string }> = {
  bash: { works: 'IFS="|"; read -r line; echo "$line|$*"; exit $#', broken: 'if then', fails: 'set -e; cat /nowhere' },
  c: { works: '#include <stdio.h>\nint main(int n, char **a) { char s[99]; scanf("%98s", s); printf("%s", s); for (int i = 1; i < n; i++) printf("|%s", a[i]); puts(""); return n - 1; }', broken: 'int main() { return x; }', fails: 'int main() { *(volatile int *)0 = 1; }' },
  cpp: { works: '#include <iostream>\nint main(int n, char **a) { std::string s; std::cin >> s; std::cout << s; for (int i = 1; i < n; i++) std::cout << "|" << a[i]; std::cout << "\\n"; return n - 1; }', broken: 'int main() { return x; }', fails: '#include <stdexcept>\nint main() { throw std::runtime_error("no"); }' },
  go: { works: 'package main\nimport ("fmt"; "os"; "strings")\nfunc main() { var s string; fmt.Scan(&s); fmt.Println(strings.Join(append([]string{s}, os.Args[1:]...), "|")); os.Exit(len(os.Args) - 1) }', broken: 'package main\nfunc main() { x() }', fails: 'package main\nfunc main() { panic("no") }' },
  java: { works: 'import java.util.*;\npublic class Echo { public static void main(String[] a) { String s = new Scanner(System.in).next(); System.out.println(s + "|" + String.join("|", a)); System.exit(a.length); } }', broken: 'class Main { int x = "no"; }', fails: 'class Main { public static void main(String[] a) { throw new IllegalStateException("no"); } }' },
  javascript: { works: 'const s = require("node:fs").readFileSync(0, "utf8").trim(), a = process.argv.slice(2); console.log([s, ...a].join("|")); process.exit(a.length)', broken: 'let = (', fails: 'null.x' },
  lua: { works: 'print(table.concat({ io.read("l"), table.unpack(arg) }, "|")) os.exit(#arg)', broken: 'if then', fails: 'error("no")' },
  perl: { works: 'my $s = <STDIN>; chomp $s; print join("|", $s, @ARGV), "\\n"; exit scalar @ARGV;', broken: 'if then {', fails: 'die "no"' },
  php: { works: '<?php $a = array_slice($argv, 1); echo implode("|", [trim(fgets(STDIN)), ...$a]), "\\n"; exit(count($a));', broken: '<?php if then', fails: '<?php throw new Exception("no");' },
  python: { works: 'import sys\nprint("|".join([input(), *sys.argv[1:]]))\nsys.exit(len(sys.argv) - 1)', broken: 'def :', fails: 'raise ValueError("no")' },
  ruby: { works: 's = $stdin.gets.chomp; puts [s, *ARGV].join("|"); exit ARGV.length', broken: 'def (', fails: 'raise "no"' },
  rust: { works: 'use std::{env, io, process};\nfn main() { let mut s = String::new(); io::stdin().read_line(&mut s).unwrap(); let a: Vec<String> = env::args().skip(1).collect(); println!("{}|{}", s.trim(), a.join("|")); process::exit(a.len() as i32) }', broken: 'fn main() { x() }', fails: 'fn main() { panic!("no") }' },
  typescript: { works: 'import { readFileSync } from "node:fs"\nenum Sign { Bar = "|" }\nconst s: string = readFileSync(0, "utf8").trim()\nconst a: string[] = process.argv.slice(2)\nconsole.log([s, ...a].join(Sign.Bar))\nprocess.exit(a.length)', broken: 'const x: = 1', fails: 'const x = null as unknown as { y: number }\nx.y' },
}
/** Wherever this product runs these must be there. */
const ALWAYS = ['bash', 'javascript', 'typescript']
const SLOW = 120_000

let runner: TestRunner
beforeAll(async () => runner = await startRunner())
afterAll(() => runner.close())

const found = () => runner.document.runtimes.map(({ language }) => language)

describe('the languages', () => {
  it('are one file and one line here each', async () => {
    const files = readdirSync(join(import.meta.dirname, '../../../../server/domain/code/languages')).map(name => name.replace('.ts', ''))
    expect((await readLanguages()).map(({ language }) => language)).toEqual(files.toSorted())
    expect(Object.keys(SAMPLES)).toEqual(files.toSorted())
  })

  it('are found with their versions, or missing with how to get them', () => {
    const { runtimes, missing } = runner.document
    expect([...runtimes, ...missing].map(({ language }) => language).toSorted()).toEqual(Object.keys(SAMPLES))
    expect(found()).toEqual(expect.arrayContaining(ALWAYS))
    for (const { version } of runtimes) expect(version).toMatch(/^\d+\.\d/)
    for (const { install } of missing) expect(install).toMatch(/Debian and Ubuntu: apt install \S+/)
  })
})

describe.each(Object.entries(SAMPLES))('%s', (language, { works, broken, fails }) => {
  it('reads its input, gets its arguments as they are and ends with its exit code', { timeout: SLOW }, async (context) => {
    if (!found().includes(language)) return context.skip(`${language} is not installed`)
    const result = await runner.execute({ language, code: works, stdin: 'input\n', args: ['a b', '$(id)', '-h', 'żółw'] })
    expect(runOf(result)).toMatchObject({ status: 'nonzero_exit', exit_code: 4, signal: null, stdout: 'input|a b|$(id)|-h|żółw\n', stderr: '', message: 'exited with code 4' })
    expect(result).toMatchObject({ language, status: 'nonzero_exit', message: 'exited with code 4' })
  })

  it('tells a source that is broken from one that runs', { timeout: SLOW }, async (context) => {
    if (!found().includes(language)) return context.skip(`${language} is not installed`)
    const checked = await runner.execute({ language, code: broken, compile_only: true })
    expect(checked).toMatchObject({ status: 'compile_error', compile: { status: 'compile_error', reason: 'nonzero_exit' } })
    expect(`${checked.compile?.stdout}${checked.compile?.stderr}`).not.toBe('')
    expect(checked.run).toBeUndefined()
    expect(await runner.execute({ language, code: works, compile_only: true })).toMatchObject({ status: 'ok', compile: { status: 'ok' } })
  })

  it('shows what a program that fails says of it', { timeout: SLOW }, async (context) => {
    if (!found().includes(language)) return context.skip(`${language} is not installed`)
    const { status, stderr, signal } = runOf(await runner.execute({ language, code: fails }))
    expect(['nonzero_exit', 'signaled']).toContain(status)
    if (!signal) expect(stderr).toMatch(/no/)
  })
})
