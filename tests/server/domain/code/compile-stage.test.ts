import { describe, expect, it } from 'vitest'
import { compileStage } from '#server/domain/code/compile-stage.ts'
import { NOT_PROVEN } from '#server/domain/code/describe-runner.ts'
import go from '#server/domain/code/languages/go.ts'
import type { Toolchain } from '#server/domain/code/language.ts'
import { resolveLimits } from '#server/domain/code/resolve-limits.ts'
import type { CodeMachine } from '#server/domain/code/work.ts'
import type { CodeStage } from '#shared/schemas/code.ts'
import { PRODUCT_CAPS } from '../../../support/code-runner.ts'

const OK: CodeStage = {
  status: 'ok', reason: null, message: 'compiled', exit_code: 0, signal: null, timed_out: false, oom_killed: false, output_truncated: { stdout: false, stderr: false },
  cpu_ms: 1, wall_ms: 1, peak_memory_bytes: null, stdout: '', stderr: '', encoding: 'utf8', notes: [],
}
const wants = (stream: 'stdout' | 'stderr', text: string): CodeStage => ({ ...OK, status: 'compile_error', reason: 'nonzero_exit', exit_code: 2, [stream]: text })
const NO_HTTP = './main.go:2:15: could not import net/http (open : no such file or directory)\n'

/** Compiles while a toolchain is still being prepared; the compiler answers with `first` until that is done. */
function compileEarly(first: CodeStage, signal?: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const complete = { done: false, promise: promise.then(() => {}) }
  const toolchain: Toolchain = { language: go, version: '1.26', binary: '/usr/local/go/bin/go', hostBinary: null, mounts: [], usable: Promise.resolve(), complete }
  const machine = { caps: PRODUCT_CAPS, compile: async () => ({ stage: complete.done ? OK : first, cached: false }) } as unknown as CodeMachine
  const payload = { language: 'go', code: 'package main' }
  const limits = resolveLimits({ asked: undefined, caps: PRODUCT_CAPS, proof: NOT_PROVEN })
  const stage = compileStage({ machine, payload, toolchain, limits, events: { signal } })
  const prepared = () => {
    complete.done = true
    resolve(undefined)
  }
  return { stage, prepared }
}

describe('compiling while a toolchain is still being prepared', () => {
  it.each(['stdout', 'stderr'] as const)('waits for the rest when the compiler says on %s that something is missing', async (stream) => {
    const { stage, prepared } = compileEarly(wants(stream, NO_HTTP))
    setTimeout(prepared, 20)
    expect((await stage)?.stage.status).toBe('ok')
  })

  it('tells every other mistake at once', async () => {
    const { stage } = compileEarly(wants('stdout', './main.go:2:2: undefined: undefined_thing\n'))
    expect((await stage)?.stage.status).toBe('compile_error')
  })

  it('does not keep a submission waiting that was cancelled', async () => {
    const { stage } = compileEarly(wants('stdout', NO_HTTP), AbortSignal.timeout(20))
    expect((await stage)?.stage.status).toBe('compile_error')
  })
})
