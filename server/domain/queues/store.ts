import { v7 as uuidv7 } from 'uuid'
import { withTenant, type Prisma, type Transaction } from '#server/infra/database.ts'

export type QueueRow = Prisma.QueueGetPayload<object>
/** Rules of a queue; what is undefined stays as it is. */
export type QueueRules = Omit<Prisma.QueueUncheckedUpdateInput, 'organizationId' | 'name'>
/** The rules as they were given, for the event. */
export type QueueChanges = Prisma.InputJsonObject
/** Who did something to a queue; written in the transaction that does it. */
export interface QueueAction { organizationId: string, name: string, actor: string, reason?: string }

export function listQueueRows(organizationId: string): Promise<QueueRow[]> {
  return withTenant(organizationId, tx => tx.queue.findMany({ where: { organizationId }, orderBy: { name: 'asc' } }))
}

export function findQueueRow(organizationId: string, name: string): Promise<QueueRow | null> {
  return withTenant(organizationId, tx => tx.queue.findFirst({ where: { organizationId, name } }))
}

/** Writes rules of a queue, making its row when there is none. `changes` is what the event tells. */
export function saveRules(action: QueueAction, rules: QueueRules, changes: QueueChanges): Promise<QueueRow> {
  return withTenant(action.organizationId, async (tx) => {
    const row = await upsert(tx, action, rules)
    await addEvent(tx, { ...action, event: 'queue.changed', details: changes })
    return row
  })
}

/** Pauses a queue; one that is paused keeps the first time and reason, and nothing is written. */
export function savePause(action: QueueAction): Promise<QueueRow> {
  return withTenant(action.organizationId, async (tx) => {
    const { organizationId, name, actor, reason } = action
    await upsert(tx, action, {})
    const { count } = await tx.queue.updateMany({ where: { organizationId, name, pausedAt: null }, data: { pausedAt: new Date(), pausedBy: actor, pauseReason: reason ?? null, updatedAt: new Date() } })
    if (count > 0) await addEvent(tx, { ...action, event: 'queue.paused' })
    return tx.queue.findFirstOrThrow({ where: { organizationId, name } })
  })
}

/** Ends the pause of a queue; answers when it began, null when there was none. */
export function saveResume(action: QueueAction): Promise<Date | null> {
  return withTenant(action.organizationId, async (tx) => {
    const { organizationId, name } = action
    const [before] = await tx.$queryRaw<{ paused_at: Date | null }[]>`
      select paused_at from queues where organization_id = ${organizationId}::uuid and name = ${name} for update`
    if (!before?.paused_at) return null
    await tx.queue.updateMany({ where: { organizationId, name }, data: { pausedAt: null, pausedBy: null, pauseReason: null, updatedAt: new Date() } })
    await addEvent(tx, { ...action, event: 'queue.resumed' })
    return before.paused_at
  })
}

/** Deletes the row of a queue; false when there is none. */
export function deleteQueueRow(action: QueueAction): Promise<boolean> {
  return withTenant(action.organizationId, async (tx) => {
    const { count } = await tx.queue.deleteMany({ where: { organizationId: action.organizationId, name: action.name } })
    if (count > 0) await addEvent(tx, { ...action, event: 'queue.deleted' })
    return count > 0
  })
}

function upsert(tx: Transaction, { organizationId, name }: QueueAction, rules: QueueRules): Promise<QueueRow> {
  return tx.queue.upsert({
    where: { organizationId_name: { organizationId, name } },
    create: { ...rules, organizationId, name } as Prisma.QueueUncheckedCreateInput,
    update: { ...rules, updatedAt: new Date() },
  })
}

async function addEvent(tx: Transaction, { organizationId, name, actor, reason, event, details }: QueueAction & { event: string, details?: Prisma.InputJsonObject }): Promise<void> {
  await tx.event.create({ data: { id: uuidv7(), organizationId, actor, action: event, subjectKind: 'queue', subjectId: name, reason: reason ?? null, details } })
}

export type WorkerRow = Prisma.WorkerGetPayload<object> & { alive: boolean }

/** Worker processes, oldest first; `alive` when heard of in the last eight seconds, by the clock of the database. */
export function listWorkerRows(organizationId: string, id?: string): Promise<WorkerRow[]> {
  return withTenant(organizationId, async (tx) => {
    const rows = await tx.worker.findMany({ where: { id }, orderBy: [{ startedAt: 'asc' }, { id: 'asc' }] })
    const alive = await tx.$queryRaw<{ id: string }[]>`select id from workers where heartbeat_at > now() - interval '8 seconds'`
    const living = new Set(alive.map(row => row.id))
    return rows.map(row => ({ ...row, alive: living.has(row.id) }))
  })
}

/** Those of these jobs that belong to the organization and run, longest running first. */
export async function runningRows(organizationId: string, ids: string[]) {
  const sorted = ids.toSorted()
  return withTenant(organizationId, tx => tx.job.findMany({
    // Plain bounds keep PostgreSQL from visiting the partition of every day.
    where: { organizationId, state: 'running', id: { in: ids, gte: sorted[0], lte: sorted.at(-1) } },
    select: { id: true, queueName: true, jobType: true, run: true, startedAt: true }, orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
  }))
}

/** What is remembered of worker processes, also when they are gone. */
export function listWorkerRecords(organizationId: string, ids: string[]) {
  return withTenant(organizationId, tx => tx.workerRecord.findMany({ where: { workerId: { in: ids } } }))
}
