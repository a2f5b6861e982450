import type { BoxCgroup } from '../cgroups.ts'

/** What a cgroup counts from now on; before, it held a program of ours that waited. (Its peak of memory is that of all its life.) */
export function sinceHandOver(cgroup: BoxCgroup): BoxCgroup {
  const before = cgroup.cpuMs()
  return {
    ...cgroup,
    cpuMs: () => cgroup.cpuMs() - before,
    usage: () => {
      const usage = cgroup.usage()
      return { ...usage, cpuMs: usage.cpuMs - before }
    },
  }
}
