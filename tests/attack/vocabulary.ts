import type { CodeFile } from '#shared/schemas/code.ts'

/** Limits as tests/vectors/attacks.json names them: milliseconds, bytes (output for each stream), counts. */
export interface AttackLimits { wall_ms?: number, cpu_ms?: number, memory_bytes?: number, output_bytes?: number, pids?: number, compile_wall_ms?: number, disk_bytes?: number }

/** What must be true of the result. Every field that is there counts; texts of `stdout_excludes` and so on are looked for as they are. */
export interface Expectation {
  /** Any of these. */
  status?: string[]
  exit_code?: number
  signal?: string | null
  timed_out?: boolean
  oom_killed?: boolean
  output_truncated?: boolean
  stdout_equals?: string
  stdout_includes?: string[]
  stdout_excludes?: string[]
  stdout_regex?: string
  stderr_equals?: string
  any_output_includes?: string[]
  /** Regular expressions. */
  any_output_excludes?: string[]
  stdout_bytes?: number
  stderr_bytes?: number
  max_stdout_bytes?: number
  /** As it was watched, without waiting for its turn and without compiling. */
  max_wall_ms?: number
  max_cpu_ms?: number
  wall_ms_between?: [number, number]
  peak_memory_between?: [number, number]
  /** Of the request: any of `accepted`, `rejected_4xx`. */
  request?: string[]
  /** What is looked at on this machine afterwards; see HOST_CHECKS. */
  host_after?: string[]
}

/** A program, hostile or not, and how it must end. Hostile ones print BREACH when they got through and HELD when they did not. */
export interface Attack {
  id: string
  language: string
  code: string
  stdin?: string
  args?: string[]
  files?: Pick<CodeFile, 'name' | 'content'>[]
  limits?: AttackLimits
  setup?: {
    /** Of the worker: what a leak would show. */
    worker_env?: Record<string, string>
    /** Files of this machine, by absolute path. */
    files?: Record<string, string>
    /** Addresses that are listened on: `127.0.0.1:6379`, `unix:/path`, `abstract:name`. */
    listeners?: string[]
    /** How often it is run. */
    repeats?: number
  }
  /** Programs of one group run in the order of `step`; with `together` the later ones while the first still runs. */
  group?: string
  step?: number
  together?: boolean
  expect: Expectation
  why: string
  /** Not holding is a documented residual risk, or it needs what not every machine has. */
  optional?: boolean | string
  /** Where the program names system calls by their numbers. */
  arch?: 'x64'
  /** One of the few that `make test` runs. */
  quick?: boolean
}

/** What came of one program, by whichever way it was submitted. */
export interface Observation {
  request: 'accepted' | 'rejected_4xx'
  /** Why it was not accepted. */
  refusal?: string
  status?: string
  message: string
  exit_code: number | null
  signal: string | null
  timed_out: boolean
  oom_killed: boolean
  output_truncated: boolean
  stdout: Buffer
  stderr: Buffer
  /** What the compiler printed. */
  compiler: string
  cpu_ms: number
  wall_ms: number
  /** From submitting to the result, without compiling; null where waiting for a turn is part of it. */
  watched_ms: number | null
  peak_memory_bytes: number | null
  mode: 'cold' | 'warm'
}

export type Verdict = 'held' | 'BREACH' | 'failed' | 'residual' | 'not run'
/** One program in one mode. */
export interface Finding { id: string, mode: string, verdict: Verdict, status: string, wallMs: number | null, reasons: string[] }
