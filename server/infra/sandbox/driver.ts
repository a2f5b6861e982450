import type { CodeLimitName } from '#shared/code-limits.ts'
import type { Enforcement, ProofStep, StageStatus } from '#shared/schemas/code.ts'

/** Limits of one box: milliseconds, bytes, counts. `outputBytes` is for each stream. */
export interface BoxLimits {
  wallMs: number
  cpuMs: number
  memoryBytes: number
  processes: number
  outputBytes: number
  diskBytes: number
  inodes: number
}

/** A file or folder of the host that the box may read, at the same or another place. */
export interface BoxMount { source: string, target: string }
export interface BoxFile { /** Below `/work`. */ path: string, content: Uint8Array, executable?: boolean }

/** One program in a box of its own. The box has no network, a read-only root, and `/work` and `/tmp` to write to. */
export interface BoxSpec {
  /** Never goes through a shell. `argv[0]` is absolute, or found on `PATH` of the box. */
  argv: string[]
  /** All that the program finds beside PATH, HOME, LANG and TMPDIR. */
  env: Record<string, string>
  mounts: BoxMount[]
  files: BoxFile[]
  stdin: Uint8Array
  limits: BoxLimits
  /** False: address space is not limited either (V8, Go and the JVM reserve far more than they use). */
  limitAddressSpace?: boolean
  /** A file of the box that is brought back when the program ends with 0, at most this large. */
  collect?: { path: string, maxBytes: number }
  /** Name of a preparation (see prepare) that may run it faster. Taken only when nothing about it would differ. */
  warm?: string
}

/** What waits: everything of a run that is known before. */
export interface WarmSpec extends Omit<BoxSpec, 'files' | 'stdin' | 'collect' | 'warm'> {
  /** The file below /work that the program opens to read its source; runs bring it. */
  source: string
  /** How many wait at most. */
  atMost: number
}

export interface BoxEvents {
  /** What it just printed, in the order of each stream, up to the limit. */
  onOutput?(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  /** Aborted: every process of the box is ended by force. */
  signal?: AbortSignal
}

export interface BoxOutcome {
  /** Never `compile_error`: that is for who asked to judge. `internal_error`: the box failed, not the program. */
  status: StageStatus
  exitCode: number | null
  signal: string | null
  timedOut: boolean
  oomKilled: boolean
  truncated: { stdout: boolean, stderr: boolean }
  cpuMs: number
  wallMs: number
  peakMemoryBytes: number | null
  stdout: Buffer
  stderr: Buffer
  collected?: Buffer
  /** What else was noticed, in words; of an internal_error what failed. */
  notes: string[]
  mode: 'cold' | 'warm'
}

/** What a driver can do here, and how it was shown. */
export interface SandboxProof {
  ok: boolean
  reason: string | null
  remedy: string | null
  steps: ProofStep[]
  cgroups: 'v2' | 'v1' | 'none'
  /** For the limits of a run; those of compiling are held the same way. */
  enforcement: Record<Exclude<CodeLimitName, `compile_${string}`>, Enforcement>
}

/** Ways to run a program that nobody trusts. One contract suite runs over all of them. */
export interface SandboxDriver {
  readonly name: 'bwrap' | 'container'
  /** Whether `prepare` does anything. */
  readonly keepsWarm?: true
  /** Tries everything this driver promises, by running it. Never throws: what fails is in the answer. */
  probe(): Promise<SandboxProof>
  /**
   * Keeps boxes with a started program that waits to read its source; later runs with `warm: name` use them. Calling it again with a
   * name replaces what was kept under it, null ends it. Does nothing where the driver cannot.
   */
  prepare(name: string, spec: WarmSpec | null): Promise<void>
  /** Runs a program. Never rejects: what went wrong is in the outcome. Leaves no process, mount or file behind. */
  run(spec: BoxSpec, events?: BoxEvents): Promise<BoxOutcome>
  /** Ends what waits and what runs. */
  close(): Promise<void>
}
