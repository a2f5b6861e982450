import { z } from 'zod'
import { CODE_BOUNDS, CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitName, type LimitRule } from '../code-limits.ts'
import { notTooWide } from './not-too-wide.ts'
import { Id, StorableText, Timestamp } from './primitives.ts'

/** How a stage of an execution ended. When several hold, the one that stands later in this list up to `memory_limit` is told. */
export const STAGE_STATUSES = [
  'ok', 'nonzero_exit', 'signaled', 'time_limit', 'cpu_limit', 'output_limit', 'disk_limit', 'memory_limit', 'compile_error', 'canceled', 'internal_error',
] as const
export const StageStatus = z.enum(STAGE_STATUSES)
export type StageStatus = z.infer<typeof StageStatus>

/** What holds a limit. `polling` may be passed for some milliseconds before it bites. */
export const ENFORCEMENTS = ['cgroup v2', 'cgroup v1', 'rlimit', 'tmpfs', 'shim', 'polling', 'container', 'none'] as const
export const Enforcement = z.enum(ENFORCEMENTS)
export type Enforcement = z.infer<typeof Enforcement>

const perLimit = <T extends z.ZodType>(of: (rule: LimitRule) => T) =>
  Object.fromEntries(CODE_LIMIT_NAMES.map(name => [name, of(CODE_LIMITS[name])])) as Record<CodeLimitName, T>

const wish = (rule: LimitRule) => {
  const says = `must be a whole number from ${rule.min} to ${rule.max}`
  return z.number(says).int(says).min(rule.min, says).max(rule.max, says).optional()
}
/** Limits as they are asked for: what is absent takes its default, what is above the server's or the organization's cap is refused. */
export const CodeLimits = z.strictObject(perLimit(wish))
export type CodeLimits = z.infer<typeof CodeLimits>

const encoder = new TextEncoder()
const shortText = (bytes: number) => StorableText.refine(text => encoder.encode(text).length <= bytes, `must have at most ${bytes} bytes of UTF-8`)

/** Relative path of a file beside the source: no `..`, no leading `/`, no empty part. */
export const FileName = StorableText.min(1)
  .refine(name => encoder.encode(name).length <= CODE_BOUNDS.fileNameBytes, `must have at most ${CODE_BOUNDS.fileNameBytes} bytes`)
  .refine(name => !name.startsWith('/') && name.split('/').every(part => part !== '' && part !== '.' && part !== '..'), 'must be a relative path without "..", "." or empty parts')
  .refine(name => !/[\x00-\x1f\x7f\\]/.test(name), 'must not hold control characters or "\\"')

export const CodeFile = z.strictObject({
  name: FileName,
  content: shortText(CODE_BOUNDS.textBytes * 2),
  encoding: z.enum(['utf8', 'base64', 'hex']).default('utf8'),
})
export type CodeFile = z.infer<typeof CodeFile>

const Args = z.array(shortText(CODE_BOUNDS.argBytes)).max(CODE_BOUNDS.args, `must have at most ${CODE_BOUNDS.args} entries`)

/** One input of a source that is compiled once. */
export const CodeInput = z.strictObject({
  name: StorableText.max(100).optional().describe('shown beside its result'),
  stdin: shortText(CODE_BOUNDS.textBytes).optional(),
  args: Args.optional(),
})
export type CodeInput = z.infer<typeof CodeInput>

const EnvironmentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'must be letters, digits and "_", not starting with a digit')

/** What is submitted, and the payload of a `code-execution` job: one shape. */
export const CodeExecutionPayload = notTooWide(z.strictObject({
  // A name, not a list: which languages there are is what the workers found.
  language: StorableText.min(1, 'must name a language').max(50, 'must have at most 50 characters'),
  code: shortText(CODE_BOUNDS.textBytes).min(1, 'must not be empty'),
  files: z.array(CodeFile).max(CODE_BOUNDS.files, `must have at most ${CODE_BOUNDS.files} files`).optional(),
  stdin: shortText(CODE_BOUNDS.textBytes).optional(),
  args: Args.optional(),
  env: z.record(EnvironmentName, shortText(CODE_BOUNDS.argBytes)).refine(env => Object.keys(env).length <= CODE_BOUNDS.env, `must have at most ${CODE_BOUNDS.env} entries`).optional(),
  limits: CodeLimits.optional(),
  runs: z.array(CodeInput).min(1, 'must have at least one input').max(CODE_BOUNDS.runs, `must have at most ${CODE_BOUNDS.runs} inputs`).optional()
    .describe('one source, many inputs: compiled once; instead of stdin and args'),
  stop_at_first_failure: z.boolean().optional().describe('the inputs after the first that did not end ok are left out'),
  compile_only: z.boolean().optional(),
}), CODE_BOUNDS.parts)
export type CodeExecutionPayload = z.infer<typeof CodeExecutionPayload>

/** How one process of an execution (the compiler, or the program on one input) ended. */
export const CodeStage = z.object({
  status: StageStatus,
  reason: StageStatus.nullable().describe('of a compile_error: how the compiler ended'),
  message: z.string().describe('one sentence: what happened, with the limit and its value'),
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable().describe('for example SIGKILL'),
  timed_out: z.boolean(),
  oom_killed: z.boolean(),
  output_truncated: z.object({ stdout: z.boolean(), stderr: z.boolean() }),
  cpu_ms: z.number(),
  wall_ms: z.number(),
  peak_memory_bytes: z.number().nullable().describe('null: could not be measured'),
  stdout: z.string(),
  stderr: z.string(),
  encoding: z.enum(['utf8', 'base64']).describe('of stdout and stderr; base64 when a byte of them is not text that JSON and PostgreSQL can hold'),
  notes: z.array(z.string()).describe('what else was noticed, for example that the limit of processes was reached'),
})
export type CodeStage = z.infer<typeof CodeStage>
export const CodeRun = CodeStage.extend({ index: z.number().int(), name: z.string().nullable() })
export type CodeRun = z.infer<typeof CodeRun>

/** Each limit with the value in force, whether it was asked for, and what holds it. */
export const EffectiveLimits = z.object(perLimit(() => z.object({ value: z.number(), requested: z.boolean(), enforced_by: Enforcement })))
export type EffectiveLimits = z.infer<typeof EffectiveLimits>

/** The result of a `code-execution` job. */
export const CodeExecutionResult = z.object({
  language: z.string(),
  version: z.string(),
  status: StageStatus.describe('of the compiler when it failed, else of the run, else of the first of the runs that did not end ok'),
  message: z.string(),
  compile: CodeStage.optional(),
  compile_cached: z.boolean().optional().describe('the compiled program was found in the cache; compile then tells of that time'),
  run: CodeStage.optional(),
  runs: z.array(CodeRun).optional(),
  runs_left_out: z.number().int().optional(),
  limits: EffectiveLimits,
  isolation: z.object({ driver: z.string(), cgroups: z.enum(['v2', 'v1', 'none']), mode: z.enum(['cold', 'warm']) }),
})
export type CodeExecutionResult = z.infer<typeof CodeExecutionResult>

/** A language that a worker can run. */
export const Runtime = z.object({
  language: z.string(),
  title: z.string(),
  version: z.string(),
  aliases: z.array(z.string()),
  compiled: z.boolean(),
  source_file: z.string(),
  warm: z.boolean().describe('runs start from an interpreter that waits'),
})
export type Runtime = z.infer<typeof Runtime>
export const MissingRuntime = z.object({ language: z.string(), title: z.string(), aliases: z.array(z.string()), install: z.string().describe('how to get it') })
export type MissingRuntime = z.infer<typeof MissingRuntime>

/** One question of the self-test, and its answer. */
export const ProofStep = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })
export type ProofStep = z.infer<typeof ProofStep>

/** What a code worker says of itself: proven at its start, published with its heartbeat. */
export const RunnerDocument = z.object({
  ok: z.boolean().describe('false: it runs no code'),
  driver: z.enum(['bwrap', 'container']).nullable(),
  cgroups: z.enum(['v2', 'v1', 'none']),
  reason: z.string().nullable().describe('why it runs none'),
  remedy: z.string().nullable().describe('what to do about it'),
  proof: z.array(ProofStep),
  proven_at: Timestamp,
  enforcement: z.object(perLimit(() => Enforcement)),
  /** The server's caps. */
  caps: z.object(perLimit(() => z.number())),
  runtimes: z.array(Runtime),
  missing: z.array(MissingRuntime),
})
export type RunnerDocument = z.infer<typeof RunnerDocument>

/** What a running execution just printed; `offset` counts the bytes of the stream before it. */
export const CodeOutputChunk = z.object({
  job_id: Id,
  run: z.number().int().describe('run of the job, from 1'),
  input: z.number().int().nullable().describe('index in runs[]; null: the only one, or the compiler'),
  stage: z.enum(['compile', 'run']),
  stream: z.enum(['stdout', 'stderr']),
  offset: z.number().int(),
  data: z.string(),
  encoding: z.enum(['utf8', 'base64']),
})
export type CodeOutputChunk = z.infer<typeof CodeOutputChunk>
