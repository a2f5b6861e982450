import { availableParallelism } from 'node:os'
import { ruleOf, type JobType } from '#shared/job-types.ts'
import { createOutsidePool, type OutsidePool } from './pool.ts'
import { processSpawner, threadSpawner } from './spawn.ts'

/** Memory of a thread or process whose type names none, MiB. */
const MEMORY_MB = 256
/** Suspects run in processes with room enough for any type. */
const SUSPECT_MEMORY_MB = 512
/** Most of them wait more than they compute; after a crash there may be hundreds. */
const SUSPECTS_PER_CORE = 4

const pools = new Map<JobType | 'suspects', OutsidePool>()

function poolOf(name: JobType | 'suspects', make: () => OutsidePool): OutsidePool {
  const pool = pools.get(name) ?? make()
  pools.set(name, pool)
  return pool
}

/** The pool of a type that declares thread or process. */
export function poolOfType(type: JobType): OutsidePool {
  return poolOf(type, () => {
    const { runs, slots, memoryMb = MEMORY_MB } = ruleOf(type)
    return createOutsidePool({ spawn: runs === 'thread' ? threadSpawner(memoryMb) : processSpawner(memoryMb), size: slots, memoryMb })
  })
}

/** Child processes for jobs that may have ended a worker: each runs alone, and what it does, it does to itself. */
export function poolOfSuspects(): OutsidePool {
  return poolOf('suspects', () => createOutsidePool({
    spawn: processSpawner(SUSPECT_MEMORY_MB), size: SUSPECTS_PER_CORE * availableParallelism(), memoryMb: SUSPECT_MEMORY_MB,
  }))
}

export function closePools(): void {
  for (const pool of pools.values()) pool.close()
  pools.clear()
}
