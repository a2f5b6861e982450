import type { Attack } from '../vocabulary.ts'
import { ending, probe } from './attack-shape.ts'

const c = ending('c')
const go = ending('go')
const SECRETS = ['root:\\$', 'root:\\*:', 'root:!', 'PRIVATE KEY', 'CANARY-']
const REFUSED = { status: ['compile_error'], any_output_excludes: SECRETS, host_after: ['follow_up_ok', 'no_orphans'] }
const bomb = { compile_wall_ms: 8000, wall_ms: 5000 }

/** What is done while a program is compiled: it happens in a box like any other. */
export const COMPILERS: Attack[] = [
  c('compile-c-include-shadow', 'A compiler reads no file of the machine.', '#include "/etc/shadow"\nint main(void) { return 0; }\n', { expect: REFUSED }),
  c('compile-c-include-environment', 'Nor the environment of the worker.', '#include "/proc/self/environ"\n#include "/proc/1/environ"\nint main(void) { return 0; }\n', { expect: REFUSED }),
  c('compile-c-embed', 'Nor does the assembler.', '#include <stdio.h>\n__asm__(".section .rodata\\n.globl f\\nf: .incbin \\"/etc/shadow\\"\\n.byte 0\\n");\nextern const char f[];\nint main(void) { puts(f); puts("BREACH"); }\n', { expect: REFUSED }),
  c('compile-c-endless-input', 'A file without end is no way to hold a compiler for ever.', '#include "/dev/zero"\n', { limits: bomb, expect: { ...REFUSED, any_output_excludes: [] } }),
  c('compile-c-huge-program', 'A source of one line that makes a program of gigabytes.', 'char a[1UL << 34] = {1};\nint main(void) { return a[5]; }\n', { limits: bomb, expect: REFUSED }),
  c('compile-c-macros', 'Macros that double forty times.', `#define A0 x x\n${Array.from({ length: 40 }, (_, i) => `#define A${i + 1} A${i} A${i}`).join('\n')}\nint main(void) { A40; }\n`, { limits: bomb, expect: REFUSED }),
  c('compile-c-deep', 'A hundred thousand brackets.', `int main(void) { return ${'('.repeat(100_000)}0${')'.repeat(100_000)}; }\n`, { limits: bomb, expect: { ...REFUSED, status: ['compile_error', 'ok'] } }),
  c('compile-c-own-loader', 'A program that names a loader of its own fails as a program does: nobody else is to blame.',
    '#include <stdio.h>\nconst char loader[] __attribute__((section(".interp"))) = "/nowhere";\nint main(void) { puts("ran"); }\n', { expect: { status: ['ok', 'nonzero_exit', 'signaled', 'compile_error'] } }),
  c('compile-c-names', 'Names of files that look like options or lists of options are names.', 'int f(void); int main(void) { return f(); }\n', { files: [{ name: '-fplugin=x.c', content: 'int f(void) { return 0; }\n' }, { name: '@list.c', content: 'int g(void) { return 0; }\n' }], expect: { status: ['ok'] } }),
  ending('cpp')('compile-cpp-templates', 'Templates that never end.', 'template <unsigned long N> struct F { static constexpr unsigned long v = F<N - 1>::v + F<N - 2>::v * N; };\ntemplate <int A, int B> struct G { typedef typename G<A, B - 1>::t t; typedef typename G<A - 1, 0>::t u; };\nint main() { return F<~0UL>::v + sizeof(G<50, 50>); }\n', { limits: bomb, expect: REFUSED }),
  ending('cpp')('compile-cpp-constexpr', 'Programs that the compiler itself has to run.', 'constexpr unsigned long f(unsigned long n) { unsigned long s = 0; for (unsigned long i = 0; i < 20000; i++) s += i; return n ? f(n - 1) + f(n - 1) + s : s; }\nconstexpr auto x = f(60);\nint main() { return x; }\n', { limits: bomb, expect: REFUSED }),
  go('compile-go-embed', 'Go embeds no file of the machine.', 'package main\nimport (\n\t_ "embed"\n\t"fmt"\n)\n//go:embed /etc/passwd\nvar a string\nfunc main() { fmt.Println("BREACH", a) }\n', { limits: { compile_wall_ms: 60_000 }, expect: REFUSED }),
  go('compile-go-module-outside', 'A module that names folders of the machine finds nothing there, and fetches nothing.', 'package main\nimport "example.com/x"\nfunc main() { x.F() }\n',
    { limits: { compile_wall_ms: 60_000 }, files: [{ name: 'go.mod', content: 'module main\ngo 1.18\nrequire example.com/x v0.0.0\nreplace example.com/x => ../../root\n' }], expect: REFUSED }),
  go('compile-go-tool-of-its-own', 'A module cannot bring another compiler.', 'package main\nfunc main() { println("ran") }\n',
    { limits: { compile_wall_ms: 60_000 }, files: [{ name: 'go.mod', content: 'module main\ngo 1.99\ntoolchain go1.99.0\n' }], expect: { ...REFUSED, any_output_excludes: ['BREACH'] } }),
  go('compile-go-cgo-flags', 'Go passes no flags to a C compiler, and calls none.', 'package main\n/*\n#cgo CFLAGS: -fplugin=/work/x.so\n#cgo LDFLAGS: -Wl,-T/etc/passwd\n#include <stdlib.h>\n*/\nimport "C"\nfunc main() { C.abort() }\n', { limits: { compile_wall_ms: 60_000 }, expect: REFUSED }),
  go('compile-go-huge', 'A constant table of sixteen gigabytes.', 'package main\nvar a = [1 << 34]byte{1<<34 - 1: 1}\nfunc main() { println(a[5]) }\n', { limits: { compile_wall_ms: 20_000, wall_ms: 5000 }, expect: { ...REFUSED, status: ['compile_error', 'memory_limit', 'signaled', 'nonzero_exit'] } }),
  ending('rust')('compile-rust-include', 'Rust includes no file of the machine.', 'fn main() { println!("BREACH {}", include_str!("/etc/shadow")); }\n', { limits: { compile_wall_ms: 60_000 }, expect: REFUSED }),
  ending('java')('compile-java-processor', 'Code that runs while Java is compiled runs behind the same walls.', `import java.nio.file.*;
public class Main { public static void main(String[] a) throws Exception { System.out.println(Files.exists(Path.of("/etc/shadow")) ? "BREACH" : "HELD"); } }
`, { limits: { compile_wall_ms: 60_000, wall_ms: 20_000 }, files: [{ name: 'META-INF/services/javax.annotation.processing.Processor', content: 'Evil\n' }, { name: 'Evil.java', content: 'class Evil {}\n' }], expect: { status: ['ok', 'compile_error'], any_output_excludes: SECRETS } }),
  probe('typescript')('compile-typescript-config', 'Files that would steer the tools of TypeScript steer nothing.', 'console.log("HELD")\n', { files: [{ name: 'package.json', content: '{"type":"commonjs","scripts":{"preinstall":"echo BREACH"}}' }, { name: '.npmrc', content: 'script-shell=/bin/sh' }] }),
  ending('typescript')('compile-typescript-deep', 'Ten thousand brackets end in a message.', `const x = ${'['.repeat(10_000)}${']'.repeat(10_000)}\nconsole.log("ran")\n`, { limits: bomb, expect: { status: ['ok', 'compile_error', 'nonzero_exit', 'signaled'], host_after: ['follow_up_ok'] } }),
  c('compile-artifact-link', 'A compiler that is made to leave something else than a program leaves nothing.', '#include <stdio.h>\nint main(void) { puts("BREACH"); }\n', { files: [{ name: '.program/x', content: 'in the way' }], expect: { status: ['compile_error'], request: ['rejected_4xx', 'accepted'] } }),
]
