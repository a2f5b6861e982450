/** The limits of a code execution: what each may be, and what it is when nobody asks. Bytes, milliseconds, counts. */
export interface LimitRule {
  min: number
  /** The most this product lets a server allow; a server and an organization may allow less. */
  max: number
  default: number
  unit: 'ms' | 'bytes' | 'count'
  title: string
}

const MIB = 1024 * 1024

export const CODE_LIMITS = {
  wall_ms: { min: 10, max: 300_000, default: 10_000, unit: 'ms', title: 'Wall time' },
  cpu_ms: { min: 10, max: 300_000, default: 10_000, unit: 'ms', title: 'CPU time of all processes' },
  memory_bytes: { min: 16 * MIB, max: 4096 * MIB, default: 256 * MIB, unit: 'bytes', title: 'Memory' },
  processes: { min: 1, max: 512, default: 64, unit: 'count', title: 'Processes and threads' },
  output_bytes: { min: 0, max: MIB, default: 256 * 1024, unit: 'bytes', title: 'Output per stream' },
  disk_bytes: { min: 0, max: 512 * MIB, default: 64 * MIB, unit: 'bytes', title: 'Disk' },
  inodes: { min: 16, max: 20_000, default: 4096, unit: 'count', title: 'Files and folders' },
  compile_wall_ms: { min: 100, max: 300_000, default: 30_000, unit: 'ms', title: 'Wall time of compiling' },
  compile_cpu_ms: { min: 100, max: 300_000, default: 30_000, unit: 'ms', title: 'CPU time of compiling' },
  compile_memory_bytes: { min: 64 * MIB, max: 4096 * MIB, default: 1024 * MIB, unit: 'bytes', title: 'Memory of compiling' },
} as const satisfies Record<string, LimitRule>

export type CodeLimitName = keyof typeof CODE_LIMITS
export const CODE_LIMIT_NAMES = Object.keys(CODE_LIMITS) as [CodeLimitName, ...CodeLimitName[]]
/** A value for each limit. */
export type CodeLimitValues = Record<CodeLimitName, number>

/** What one submission may bring. */
export const CODE_BOUNDS = {
  /** Of the source, of each file, of each input. */
  textBytes: MIB,
  /** Of source, files, inputs, arguments and environment together. */
  totalBytes: 3 * MIB,
  files: 64,
  fileNameBytes: 255,
  args: 128,
  argBytes: 32 * 1024,
  env: 64,
  runs: 100,
  /** Values in one field of a submission: a hundred inputs with 128 arguments each, and room. */
  parts: 20_000,
  /** Of everything the runs of one submission printed, kept in its result. */
  keptOutputBytes: 2 * MIB,
} as const

interface Timed { limits?: Partial<CodeLimitValues>, runs?: readonly unknown[] }
/** What probing, preparing and clearing up may add, and waiting for a core. */
const MARGIN_MS = 60_000

/** Seconds after which an execution is surely stuck: everything it may do, one after the other, and a margin. */
export function codeTimeoutSeconds({ limits = {}, runs = [] }: Timed): number {
  const value = (name: CodeLimitName): number => limits[name] ?? CODE_LIMITS[name].default
  return Math.ceil((value('compile_wall_ms') + Math.max(1, runs.length) * value('wall_ms') + MARGIN_MS) / 1000)
}
