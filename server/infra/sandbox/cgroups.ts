import { openV1 } from './cgroups/v1.ts'
import { openV2 } from './cgroups/v2.ts'

/** What one box used, as the kernel counted it. */
export interface CgroupUsage {
  oomKills: number
  peakBytes: number | null
  cpuMs: number
  /** How often a process was refused because there were as many as allowed. */
  processesRefused: number
}

/** The cgroups of one box. */
export interface BoxCgroup {
  /** Files into which a process writes `0` to join. */
  join: string[]
  /** Folder in which the box is to be born, and the file to write to where the kernel cannot do that. */
  birthplace?: { folder: string, procs: string }
  cpuMs(): number
  usage(): CgroupUsage
  /** Other limits than it was made with. Throws when more is used already. */
  change(limits: { memoryBytes: number, processes: number }): void
  /** To be called when no process is left in it. */
  remove(): void
}

/** Cgroups of this worker process. */
export interface Cgroups {
  version: 'v2' | 'v1' | 'none'
  make(limits: { memoryBytes: number, processes: number }): BoxCgroup | undefined
  close(): void
}

export const NO_CGROUPS: Cgroups = { version: 'none', make: () => undefined, close: () => {} }

/** The cgroups this process may make: v2 where it was given memory and pids, else v1, else none. Removes leftovers of dead workers. */
export function openCgroups(): Cgroups {
  return openV2() ?? openV1() ?? NO_CGROUPS
}
