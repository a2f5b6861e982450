import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { boxProcesses, mountCount, residentBytes } from './box-processes.ts'
import type { Canaries } from './canaries.ts'
import type { Target } from './target.ts'

const MIB = 1024 * 1024
/** A worker may grow by so much over a flood of output. */
const FLAT_BYTES = 80 * MIB
/** What has just ended may take so long to be gone on a busy machine. */
const GONE_WITHIN_MS = 5000

/** What this machine was like before a program ran. */
export interface Before { rss?: number, mounts?: number, workspaces?: string[], hashes: Map<string, string>, processes: Map<number, string> }

const hashOf = (path: string) => existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'absent'
const workspacesOf = (pid: number) => readdirSync('/tmp').filter(name => name.startsWith(`bespin-box-${pid}-`)).flatMap(name => readdirSync(`/tmp/${name}`).map(entry => `${name}/${entry}`))

export function lookBefore(target: Target, checks: string[]): Before {
  const { pid } = target
  const paths = checks.filter(check => check.startsWith('host_file_unchanged:')).map(check => check.slice('host_file_unchanged:'.length))
  return {
    ...(pid !== undefined && { rss: residentBytes(pid), mounts: mountCount(pid), workspaces: workspacesOf(pid) }),
    hashes: new Map(paths.map(path => [path, hashOf(path)])), processes: target.here ? boxProcesses(pid) : new Map(),
  }
}

export interface Looked { target: Target, before: Before, canaries: Canaries }
type Check = (looked: Looked, argument: string) => Promise<string | null> | string | null

/** What can be looked at after a program, by its word in the vocabulary. Each answers what is wrong, or null. */
const HOST_CHECKS: Record<string, Check> = {
  follow_up_ok: async ({ target }) => {
    const next = await target.submit({ language: 'bash', code: 'echo next' })
    return next.status === 'ok' && next.stdout.toString() === 'next\n' ? null : `the next program ended as ${next.status}: ${next.message}`
  },
  no_orphans: ({ target, before }) => !target.here ? null : untilNull(() => {
    const all = boxProcesses(target.pid)
    const left = [...all].filter(([pid]) => !before.processes.has(pid))
    // Where interpreters wait, those that were used are replaced: not who there is tells, but how many.
    return all.size > target.steady && left.length ? `processes are left: ${left.slice(0, 5).map(([pid, name]) => `${pid} ${name}`).join('; ')}` : null
  }),
  worker_alive: ({ target }) => target.pid === undefined || residentBytes(target.pid) !== undefined ? null : 'the worker is gone',
  worker_rss_flat: ({ target, before }) => {
    const grown = target.pid === undefined ? 0 : (residentBytes(target.pid) ?? 0) - (before.rss ?? 0)
    return grown <= FLAT_BYTES ? null : `the worker grew by ${Math.round(grown / MIB)} MiB`
  },
  workspace_removed: ({ target, before }) => target.pid === undefined ? null : untilNull(() => {
    const left = workspacesOf(target.pid!).filter(name => !before.workspaces!.includes(name))
    if (left.length) return `folders are left: ${left.slice(0, 5).join(', ')}`
    return mountCount(target.pid!) === before.mounts ? null : 'mounts are left'
  }),
  listener_untouched: ({ canaries }, address) => canaries.reached.has(address) ? `${address} was reached` : null,
  file_absent: ({ target }, path) => target.here && existsSync(path) ? `${path} is there` : null,
  host_file_unchanged: ({ target, before }, path) => target.here && hashOf(path) !== before.hashes.get(path) ? `${path} was changed` : null,
  // The stories of the dashboard look at this.
  dashboard_shows_as_text: () => null,
}

/** Every check that a program names; and where it ran alone that nothing is left of it in any case. Answers what is wrong. */
export async function checkHost(looked: Looked, checks: string[], alone: boolean): Promise<string[]> {
  const all = [...new Set([...checks, 'worker_alive', ...(alone ? ['no_orphans'] : [])])]
  const wrong: string[] = []
  for (const check of all) {
    const name = check.split(':')[0]!
    const found = await (HOST_CHECKS[name] ?? (() => `there is no check called ${name}`))(looked, check.slice(name.length + 1))
    if (found) wrong.push(`${name}: ${found}`)
  }
  return wrong
}

async function untilNull(look: () => string | null): Promise<string | null> {
  for (const end = performance.now() + GONE_WITHIN_MS; ;) {
    const wrong = look()
    if (wrong === null || performance.now() > end) return wrong
    await sleep(25)
  }
}
