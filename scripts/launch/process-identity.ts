/** Process ids are used again by the system; these functions tell whether an id still means the process we started. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessIdentity { pid: number, token: string }

/** Notes who `pid` is now; undefined when no such process lives. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!isAlive(pid)) return undefined
  return { pid, token: startToken(pid) }
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return isAlive(identity.pid) && startToken(identity.pid) === identity.token
}

/** True while `pid` runs; a zombie that nobody has collected counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  }
  catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return statField(pid, 0) !== 'Z'
}

/** Name of the program `pid` runs, or '' when unknown. */
export function programOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    return execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  }
  catch {
    return ''
  }
}

/** True while any process of the group lives (a group outlives its leader). */
export function isGroupAlive(groupId: number): boolean {
  try {
    process.kill(-groupId, 0)
    return true
  }
  catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Sends a signal to a process or (negative id) a group; a target that is gone already is fine. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  }
  catch { /* gone already, which is what a signal is sent for */ }
}

function startToken(pid: number): string {
  if (process.platform !== 'linux') {
    try {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    }
    catch {
      return ''
    }
  }
  return `${bootId()}:${statField(pid, 19) ?? ''}`
}

/** Field of /proc/<pid>/stat, counted from the state (0); the start time is field 19. */
function statField(pid: number, index: number): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The program's name stands in brackets before these fields and may hold spaces and brackets itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[index]
  }
  catch {
    return undefined
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  }
  catch {
    return ''
  }
}
