import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitValues } from '#shared/code-limits.ts'
import type { LivingRunner } from '#server/domain/engine/read-runners.ts'
import type { CodeExecutionResult, CodeStage, MissingRuntime, RunnerDocument, Runtime } from '#shared/schemas/code.ts'

const perLimit = <T>(of: (name: keyof CodeLimitValues) => T) => Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, of(name)])) as Record<keyof CodeLimitValues, T>

export const runtime = (language: string, more: Partial<Runtime> = {}): Runtime => ({
  language, title: language, version: '1.0', aliases: [], compiled: false, source_file: `main.${language}`, warm: false, ...more,
})
export const missingRuntime = (language: string, more: Partial<MissingRuntime> = {}): MissingRuntime => ({ language, title: language, aliases: [], install: `apt install ${language}`, ...more })

/** What a code worker that can run Python says of itself. */
export const runnerDocument = (more: Partial<RunnerDocument> = {}): RunnerDocument => ({
  ok: true, driver: 'bwrap', cgroups: 'v1', reason: null, remedy: null, proof: [], proven_at: '2026-11-24T12:00:00.000Z',
  enforcement: perLimit(() => 'cgroup v1' as const), caps: perLimit(name => CODE_LIMITS[name].max),
  runtimes: [runtime('python', { title: 'Python', source_file: 'main.py', aliases: ['py', 'python3'] })], missing: [missingRuntime('lua', { title: 'Lua' })], ...more,
})

export const livingRunner = (more: Partial<LivingRunner> = {}): LivingRunner => ({ workerId: '0197c4d2-0000-7000-8000-00000000000a', name: 'code-1', runner: runnerDocument(), takes: true, ...more })

export const codeStage = (more: Partial<CodeStage> = {}): CodeStage => ({
  status: 'ok', reason: null, message: 'Ended well after 12 ms.', exit_code: 0, signal: null, timed_out: false, oom_killed: false,
  output_truncated: { stdout: false, stderr: false }, cpu_ms: 9, wall_ms: 12, peak_memory_bytes: 8 * 1024 * 1024, stdout: 'hello\n', stderr: '', encoding: 'utf8', notes: [], ...more,
})

export const codeResult = (more: Partial<CodeExecutionResult> = {}): CodeExecutionResult => ({
  language: 'python', version: '3.11.2', status: 'ok', message: 'Ended well after 12 ms.', run: codeStage(),
  limits: perLimit(name => ({ value: CODE_LIMITS[name].default, requested: false, enforced_by: 'cgroup v1' as const })),
  isolation: { driver: 'bwrap', cgroups: 'v1', mode: 'cold' }, ...more,
})
