import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  }
  catch {
    return ''
  }
}

/** Of the mounts that a process sees; two with the same see the same. */
const mountSpace = (pid: string): string => {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  }
  catch {
    return ''
  }
}

/**
 * Processes that stand in boxes: their root is made of a worker's box folder, which nothing inside can hide. By pid, with their names.
 * @param worker only those of this worker
 */
export function boxProcesses(worker?: number): Map<number, string> {
  const mark = `bespin-box-${worker === undefined ? '' : `${worker}-`}`
  const ours = mountSpace('self')
  const found = readdirSync('/proc').filter(name => /^\d+$/.test(name) && mountSpace(name) !== ours && read(`/proc/${name}/mountinfo`).split('\n').some(line => line.includes(mark) && line.split(' ')[4] === '/.shim'))
  return new Map(found.map(name => [Number(name), read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim() || read(`/proc/${name}/comm`).trim()]))
}

const STEADY_AFTER_MS = 1000
const PATIENCE_MS = 15_000

/** Waits until as many processes stand in boxes as did a second ago: programs that wait are started one after the other. */
export async function untilSteady(worker?: number): Promise<void> {
  let [size, since] = [-1, performance.now()]
  for (const end = since + PATIENCE_MS; performance.now() < end && performance.now() - since < STEADY_AFTER_MS; await sleep(50)) {
    const now = boxProcesses(worker).size
    if (now !== size) [size, since] = [now, performance.now()]
  }
}

/** Resident bytes of a process, or undefined when it is gone. */
export function residentBytes(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}

export const openDescriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
/** Mounts as a process sees them. */
export const mountCount = (pid: number): number => read(`/proc/${pid}/mountinfo`).split('\n').length
