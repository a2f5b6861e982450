import { logger } from '#server/infra/logger.ts'
import { BUCKETS, bucketOf } from '#server/domain/engine/time-buckets.ts'
import { addTimes, type TimeCount, type TimeKind } from '#server/domain/engine/sql/times.ts'

/**
 * How long jobs waited and ran, counted in memory and written every few seconds. A process that is killed loses the times
 * of those seconds, never a job.
 */
interface Timed { organizationId: string, queueName: string, jobType: string }
interface Group extends Timed { kind: TimeKind, counts: Uint32Array }

const EVERY_MS = 5000
/** Rows of one statement. */
const BATCH = 5000
/** More groups are not kept while the database is away. */
const MOST_GROUPS = 20_000

let groups = new Map<string, Group>()
/** Most jobs follow another of their kind: no key is made for those. */
const last: Partial<Record<TimeKind, Group>> = {}

/** Milliseconds that a job waited for its turn, or ran. Costs a few comparisons. */
export function noteTime(kind: TimeKind, job: Timed, milliseconds: number): void {
  const group = last[kind]
  const same = group !== undefined && group.queueName === job.queueName && group.jobType === job.jobType && group.organizationId === job.organizationId
  const counts = (same ? group : groupOf(kind, job))?.counts
  if (counts) counts[bucketOf(milliseconds)]! += 1
}

function groupOf(kind: TimeKind, { organizationId, queueName, jobType }: Timed): Group | undefined {
  const key = `${kind} ${organizationId} ${queueName} ${jobType}`
  let group = groups.get(key)
  if (!group) {
    if (groups.size >= MOST_GROUPS) return undefined
    group = { kind, organizationId, queueName, jobType, counts: new Uint32Array(BUCKETS) }
    groups.set(key, group)
  }
  return last[kind] = group
}

/** Writes what was noted since the last time. What cannot be written is kept for the next. */
export async function writeTimes(): Promise<void> {
  const taken = groups
  groups = new Map()
  delete last.wait
  delete last.run
  const rows = [...taken.values()].flatMap(group => [...toRows(group)])
  for (let from = 0; from < rows.length; from += BATCH) {
    try {
      await addTimes(rows.slice(from, from + BATCH))
    }
    catch (error) {
      putBack(rows.slice(from))
      throw error
    }
  }
}

function* toRows({ kind, organizationId, queueName, jobType, counts }: Group): Generator<TimeCount> {
  for (const [bucket, count] of counts.entries()) if (count > 0) yield { kind, organizationId, queueName, jobType, bucket, count }
}

function putBack(rows: TimeCount[]): void {
  for (const row of rows) {
    const counts = groupOf(row.kind, row)?.counts
    if (counts) counts[row.bucket]! += row.count
  }
}

/** Writes every five seconds until the returned function is called, which writes the rest. */
export function keepWritingTimes(): () => Promise<void> {
  let failing = false
  let writing = Promise.resolve()
  const write = () => writeTimes().then(() => { failing = false }, (error: Error) => {
    if (!failing) logger().warn({ error: error.message }, 'waiting and processing times not written; they are kept for the next round')
    failing = true
  })
  const timer = setInterval(() => { writing = writing.then(write) }, EVERY_MS)
  return async () => {
    clearInterval(timer)
    await writing.then(write)
  }
}
