/** Processor time by process, from /proc; empty where there is none. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds of processor time, those of ended children included. */
export type ProcessTable = Map<number, { parent: number, micros: number }>

let tickMicros: number | undefined
/** The unit of /proc. */
export const microsPerTick = (): number => (tickMicros ??= 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })))

export function readProcessTable(): ProcessTable {
  const table: ProcessTable = new Map()
  for (const name of processIds()) {
    const fields = statFields(name)
    if (!fields) continue
    // utime, stime and those of children that ended.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    table.set(Number(name), { parent: Number(fields[1]), micros: ticks * microsPerTick() })
  }
  return table
}

function processIds(): string[] {
  try {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name))
  }
  catch {
    return []
  }
}

/** The fields of /proc/<pid>/stat after the name, which may hold spaces and brackets. */
function statFields(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  }
  catch {
    return undefined
  }
}

/** Microseconds of a process and everything below it. */
export function treeMicros(table: ProcessTable, root: number): number {
  let sum = 0
  for (const [pid, { micros }] of table) if (isBelow(table, pid, root)) sum += micros
  return sum
}

function isBelow(table: ProcessTable, pid: number, root: number): boolean {
  for (let at = pid; at > 1; at = table.get(at)?.parent ?? 0) if (at === root) return true
  return false
}

/** The children of a process. */
export const childrenOf = (table: ProcessTable, parent: number): number[] =>
  [...table].filter(([, process]) => process.parent === parent).map(([pid]) => pid)

/** What each part of a contestant used, by the process at its top; undefined is left out. */
export type Parts = Record<string, number | undefined>

/** Starts counting; the returned function answers the microseconds each part used since. */
export function watchParts(parts: Parts): () => Record<string, number> {
  const from = readProcessTable()
  return () => {
    const to = readProcessTable()
    return Object.fromEntries(Object.entries(parts).flatMap(([name, pid]) =>
      pid === undefined ? [] : [[name, treeMicros(to, pid) - treeMicros(from, pid)]]))
  }
}
