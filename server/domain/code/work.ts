import type { SandboxDriver, SandboxProof } from '#server/infra/sandbox/driver.ts'
import type { CodeLimitValues } from '#shared/code-limits.ts'
import type { CodeExecutionPayload } from '#shared/schemas/code.ts'
import type { Compile } from './compile-source.ts'
import type { Toolchain } from './language.ts'
import type { ResolvedLimits } from './resolve-limits.ts'
import type { OutputPiece } from './tell-pieces.ts'

/** What a worker runs code with. */
export interface CodeMachine {
  driver: SandboxDriver
  proof: Pick<SandboxProof, 'enforcement' | 'cgroups'>
  /** The server's caps. */
  caps: CodeLimitValues
  compile: Compile
}

export interface SubmissionEvents {
  /** What it prints, as it prints it. Must not throw. */
  onOutput?: (piece: OutputPiece) => void
  /** Aborted: everything that runs for the submission is ended by force. */
  signal?: AbortSignal
}

/** One submission being worked on. */
export interface Work {
  machine: CodeMachine
  payload: CodeExecutionPayload
  toolchain: Toolchain
  limits: ResolvedLimits
  events: SubmissionEvents
}
