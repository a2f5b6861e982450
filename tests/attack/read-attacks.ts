import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BETWEEN_JOBS } from './programs/between-jobs.ts'
import { COMPILERS } from './programs/compilers.ts'
import { DISK } from './programs/disk.ts'
import { FILES } from './programs/files.ts'
import { KERNEL } from './programs/kernel.ts'
import { MEMORY } from './programs/memory.ts'
import { NETWORK } from './programs/network.ts'
import { OUTPUT } from './programs/output.ts'
import { PROCESSES } from './programs/processes.ts'
import type { Attack } from './vocabulary.ts'

const VECTORS = join(import.meta.dirname, '../vectors/attacks.json')

/** Every program of the suite: the vectors as they are, then our own, by kind. Throws when two share a name. */
export function readAttacks(): Attack[] {
  const vectors = JSON.parse(readFileSync(VECTORS, 'utf8')) as Attack[]
  const attacks = [...vectors, ...PROCESSES, ...MEMORY, ...DISK, ...FILES, ...OUTPUT, ...NETWORK, ...KERNEL, ...BETWEEN_JOBS, ...COMPILERS]
  const twice = attacks.find(({ id }, index) => attacks.findIndex(other => other.id === id) !== index)
  if (twice) throw new Error(`Two programs of the suite are called ${twice.id}.`)
  return attacks
}
