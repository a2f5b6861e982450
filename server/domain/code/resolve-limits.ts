import type { BoxLimits, SandboxProof } from '#server/infra/sandbox/driver.ts'
import { CODE_LIMIT_NAMES, CODE_LIMITS, type CodeLimitName, type CodeLimitValues } from '#shared/code-limits.ts'
import type { CodeLimits, EffectiveLimits, Enforcement } from '#shared/schemas/code.ts'

const MIB = 1024 * 1024
/** What a compiler gets beside the limits that can be asked for: room for its parts and for what lies between them. */
const COMPILER_BOX = { processes: 256, outputBytes: 256 * 1024, diskBytes: 256 * MIB, inodes: CODE_LIMITS.inodes.max }

export interface ResolvedLimits {
  run: BoxLimits
  compile: BoxLimits
  effective: EffectiveLimits
  /** What was not granted as asked, in words. */
  notes: string[]
}

/** What holds each limit; those of compiling are held as those of running. */
export function enforcementOf(proof: Pick<SandboxProof, 'enforcement'>): Record<CodeLimitName, Enforcement> {
  const of = proof.enforcement
  return { ...of, compile_wall_ms: of.wall_ms, compile_cpu_ms: of.cpu_ms, compile_memory_bytes: of.memory_bytes }
}

/**
 * The limits in force. What is not asked for takes its default, or the cap where that is lower. A wish above the cap was refused
 * when it was submitted; if the cap has sunk since then, the cap holds and a note says so.
 */
export function resolveLimits(options: { asked: CodeLimits | undefined, caps: CodeLimitValues, proof: Pick<SandboxProof, 'enforcement'> }): ResolvedLimits {
  const { asked = {}, caps, proof } = options
  const heldBy = enforcementOf(proof)
  const notes: string[] = []
  const rows = CODE_LIMIT_NAMES.map((name) => {
    const wish = asked[name]
    const value = Math.min(wish ?? CODE_LIMITS[name].default, caps[name])
    if (wish !== undefined && value < wish) notes.push(`${name} was asked for as ${wish}; this server allows at most ${value} now`)
    return [name, { value, requested: wish !== undefined, enforced_by: heldBy[name] }]
  })
  const effective = Object.fromEntries(rows) as EffectiveLimits
  return { effective, notes, ...boxLimits(effective) }
}

function boxLimits(of: EffectiveLimits): { run: BoxLimits, compile: BoxLimits } {
  return {
    run: {
      wallMs: of.wall_ms.value, cpuMs: of.cpu_ms.value, memoryBytes: of.memory_bytes.value, processes: of.processes.value,
      outputBytes: of.output_bytes.value, diskBytes: of.disk_bytes.value, inodes: of.inodes.value,
    },
    compile: { ...COMPILER_BOX, wallMs: of.compile_wall_ms.value, cpuMs: of.compile_cpu_ms.value, memoryBytes: of.compile_memory_bytes.value },
  }
}
