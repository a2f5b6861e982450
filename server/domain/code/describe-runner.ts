import type { SandboxDriver, SandboxProof } from '#server/infra/sandbox/driver.ts'
import type { CodeLimitValues } from '#shared/code-limits.ts'
import type { MissingRuntime, RunnerDocument, Runtime } from '#shared/schemas/code.ts'
import type { Toolchain } from './language.ts'
import { enforcementOf } from './resolve-limits.ts'

/** Before the first proof: nothing is known, so nothing is run. */
export const NOT_PROVEN: SandboxProof = {
  ok: false, reason: 'The sandbox has not been proven yet.', remedy: null, steps: [], cgroups: 'none',
  enforcement: { wall_ms: 'none', cpu_ms: 'none', memory_bytes: 'none', processes: 'none', output_bytes: 'none', disk_bytes: 'none', inodes: 'none' },
}

/** What a code worker publishes of itself. Without a proof it runs nothing. */
export function describeRunner(options: { driver: SandboxDriver | null, proof: SandboxProof, caps: CodeLimitValues, found: Toolchain[], missing: MissingRuntime[] }): RunnerDocument {
  const { driver, proof, caps, found, missing } = options
  return {
    ok: proof.ok, driver: driver?.name ?? null, cgroups: proof.cgroups, reason: proof.reason, remedy: proof.remedy,
    proof: proof.steps, proven_at: new Date().toISOString(), enforcement: enforcementOf(proof), caps,
    runtimes: found.map(describeRuntime), missing,
  }
}

function describeRuntime({ language, version, warm = false }: Toolchain): Runtime {
  return {
    language: language.language, title: language.title, version, aliases: language.aliases,
    compiled: language.compile !== undefined, source_file: language.sourceFile, warm,
  }
}
