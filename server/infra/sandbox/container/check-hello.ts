import type { ContainerShape } from './container-flags.ts'
import { ENTRY_PROTOCOL, type EntryHello } from './frames.ts'

/** Largest page a kernel rounds a memory limit to. */
const PAGE_BYTES = 64 * 1024

export const LIMITS_REMEDY = 'The engine must be able to limit memory and processes: run it as root, or give a rootless one cgroup v2 with the controllers '
  + 'memory and pids delegated to its user. If the image is of another version of Bespin, build it again.'

/**
 * Whether a container is what was asked for, by what its first process sees of itself.
 * @returns what is wrong, null when nothing is
 */
export function checkHello(hello: EntryHello, shape: ContainerShape): string | null {
  if (hello.protocol !== ENTRY_PROTOCOL) return 'the image is of another version of Bespin: build it again'
  if (hello.pid !== 1) return `the first process of the container is number ${hello.pid}, not 1`
  if (hello.uid !== 65_534) return `programs would run as user ${hello.uid}, not as 65534`
  if (hello.cgroups === 'none') return 'the container cannot see control groups of its own that limit memory and processes'
  if (hello.memory < 0 || Math.abs(hello.memory - shape.memoryBytes) > PAGE_BYTES) return `the container may use ${hello.memory} bytes of memory instead of ${shape.memoryBytes}`
  if (hello.pids !== shape.processes + 1) return `the container may have ${hello.pids} processes instead of ${shape.processes + 1}`
  return null
}
