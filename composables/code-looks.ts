import type { CodeLimitName } from '#shared/code-limits.ts'
import type { CodeStage, EffectiveLimits, Enforcement, StageStatus } from '#shared/schemas/code.ts'
import type { Outcome } from '#shared/schemas/execution.ts'
import type { StateLook } from './job-looks.ts'
import { bytes, exactCount, roundDuration } from './formats.ts'

type Look = Pick<StateLook, 'label' | 'icon' | 'color'>
/** How each way to end looks. Never colour alone: icon and word too. */
export const STAGE_LOOKS: Record<StageStatus, Look> = {
  ok: { label: 'OK', icon: 'i-lucide-check', color: 'success' },
  nonzero_exit: { label: 'Exit code', icon: 'i-lucide-log-out', color: 'warning' },
  signaled: { label: 'Signal', icon: 'i-lucide-zap', color: 'error' },
  time_limit: { label: 'Time limit', icon: 'i-lucide-timer-off', color: 'error' },
  cpu_limit: { label: 'CPU limit', icon: 'i-lucide-cpu', color: 'error' },
  output_limit: { label: 'Output limit', icon: 'i-lucide-scissors', color: 'error' },
  disk_limit: { label: 'Disk limit', icon: 'i-lucide-hard-drive', color: 'error' },
  memory_limit: { label: 'Memory limit', icon: 'i-lucide-memory-stick', color: 'error' },
  compile_error: { label: 'Does not compile', icon: 'i-lucide-file-x', color: 'error' },
  canceled: { label: 'Stopped', icon: 'i-lucide-ban', color: 'neutral' },
  internal_error: { label: 'Sandbox error', icon: 'i-lucide-shield-x', color: 'error' },
}

/** The same, and what has not ended. */
export const RUN_LOOKS: Record<Outcome, Look> = {
  ...STAGE_LOOKS,
  queued: { label: 'Waiting', icon: 'i-lucide-circle-dot', color: 'neutral' },
  running: { label: 'Running', icon: 'i-lucide-loader-circle', color: 'primary' },
}

/** What holds a limit, for people. */
export const ENFORCED_BY: Record<Enforcement, string> = {
  'cgroup v2': 'the kernel (cgroup v2)',
  'cgroup v1': 'the kernel (cgroup v1)',
  'rlimit': 'the kernel (resource limit)',
  'tmpfs': 'the size of its disk (tmpfs)',
  'shim': 'the supervisor inside the sandbox',
  'polling': 'looking again and again; may be passed for some milliseconds',
  'container': 'the container',
  'none': 'nothing on this machine',
}

const GIB = 1024 ** 3
/** A limit's value in words: "2 s", "256 MiB", "64". */
export function limitWord(unit: 'ms' | 'bytes' | 'count', value: number): string {
  if (unit === 'ms') return roundDuration(value)
  if (unit === 'count') return exactCount(value)
  return value >= GIB && value % GIB === 0 ? `${value / GIB} GiB` : bytes(value).replace('.0 ', ' ')
}

export interface Meter { label: string, value: number | null, limit: number, unit: 'ms' | 'bytes' }
/** What a stage used, beside what it was allowed. */
export function metersOf(stage: CodeStage, limits: EffectiveLimits, kind: 'compile' | 'run'): Meter[] {
  const of = (name: 'wall_ms' | 'cpu_ms' | 'memory_bytes'): number => limits[(kind === 'compile' ? `compile_${name}` : name) as CodeLimitName].value
  return [
    { label: 'Wall time', value: stage.wall_ms, limit: of('wall_ms'), unit: 'ms' },
    { label: 'CPU time', value: stage.cpu_ms, limit: of('cpu_ms'), unit: 'ms' },
    { label: 'Memory', value: stage.peak_memory_bytes, limit: of('memory_bytes'), unit: 'bytes' },
  ]
}

/** How the process left: "exit code 1", "SIGKILL"; null when it never began. */
export function leftWith({ exit_code: code, signal }: Pick<CodeStage, 'exit_code' | 'signal'>): string | null {
  if (signal !== null) return signal
  return code === null ? null : `exit code ${code}`
}
