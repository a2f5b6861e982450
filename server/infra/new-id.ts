import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

/** Random bytes are fetched by the pool: one call of the system for 4,096 ids. */
const pool = Buffer.alloc(16 * 4096)
let used = pool.length
let milliseconds = 0
let sequence = 0

/** A new UUIDv7; those of one process are ordered as they were made, also within a millisecond. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.subarray(used, used += 16)
  const now = Date.now()
  if (now > milliseconds) {
    milliseconds = now
    // Half of the room is left for the ids that follow in this millisecond.
    sequence = random.readUInt32BE(6) >>> 1
  }
  else if (++sequence > 0xFFFFFFFF) {
    sequence = 0
    milliseconds++
  }
  return v7({ random, msecs: milliseconds, seq: sequence })
}
