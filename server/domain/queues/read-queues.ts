import { AppError } from '#server/domain/app-error.ts'
import { countByQueue } from '#server/domain/jobs/count-jobs.ts'
import { readFigures } from '#server/domain/queues/read-figures.ts'
import { toQueue, toQueueSummary, type QueueSource } from '#server/domain/queues/present-queue.ts'
import { findQueueRow, listQueueRows } from '#server/domain/queues/store.ts'
import { isJobType } from '#shared/job-types.ts'
import { QueueName } from '#shared/schemas/primitives.ts'
import type { Queue, QueueSummary } from '#shared/schemas/queue.ts'

/**
 * Queues by name: every one that is configured or has had jobs. `cursor` is the last name of the page before. Throws
 * VALIDATION_ERROR for a cursor that no list answered.
 */
export async function listQueues(organizationId: string, { limit, cursor }: { limit: number, cursor?: string }): Promise<{ queues: QueueSummary[], nextCursor: string | null }> {
  if (cursor !== undefined && !QueueName.safeParse(cursor).success) throw new AppError('VALIDATION_ERROR', 'cursor is not one that a list answered: hand back X-Next-Cursor as it was.')
  const [rows, counts] = await Promise.all([listQueueRows(organizationId), countByQueue(organizationId)])
  const byName = new Map(rows.map(row => [row.name, row]))
  const names = [...new Set([...byName.keys(), ...counts.keys()])].sort().filter(name => cursor === undefined || name > cursor)
  const page = names.slice(0, limit).map(name => ({ name, row: byName.get(name) ?? null, count: counts.get(name) }))
  const figures = await readFigures(organizationId, page)
  return {
    queues: page.map(source => toQueueSummary({ ...source, figures: figures.get(source.name)! })),
    nextCursor: names.length > limit ? page.at(-1)!.name : null,
  }
}

/** One queue. Throws NOT_FOUND for one that is neither configured nor built in nor ever had jobs. */
export async function getQueue(organizationId: string, name: string): Promise<Queue> {
  const source = await findQueue(organizationId, name)
  return toQueue(organizationId, { ...source, figures: (await readFigures(organizationId, [source])).get(name)! })
}

/** What is known of a queue. Throws NOT_FOUND. */
export async function findQueue(organizationId: string, name: string): Promise<QueueSource> {
  const [row, counts] = await Promise.all([findQueueRow(organizationId, name), countByQueue(organizationId)])
  const count = counts.get(name)
  if (row || count || isJobType(name)) return { name, row, count }
  throw new AppError('NOT_FOUND', `There is no queue ${name}. It comes into being with its first job, or with PUT /api/v1/queues/${name}/config.`)
}

/** Names of the queues that are paused. */
export async function pausedQueues(organizationId: string): Promise<Set<string>> {
  return new Set((await listQueueRows(organizationId)).filter(row => row.pausedAt !== null).map(row => row.name))
}
