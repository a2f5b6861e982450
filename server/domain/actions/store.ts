import type pg from 'pg'
import { inTransaction, pool, withTenant, withTenantSql, type Prisma } from '#server/infra/database.ts'
import { newId } from '#server/infra/new-id.ts'
import { countPage, INSERT_ACTION, INSERT_EVENT, INSERT_ITEMS, type MatchSql } from '#server/domain/actions/sql.ts'
import type { JobSummaryRow } from '#server/domain/jobs/store.ts'
import type { JobActionName, JobActionState, SkipReason } from '#shared/job-actions.ts'
import type { JobState } from '#shared/job-states.ts'
import type { JobActionFilter } from '#shared/schemas/action.ts'

export type ActionRow = Prisma.JobActionGetPayload<object> & { undoneBy: string | null }
export type ItemRow = Prisma.JobActionItemGetPayload<object>
/** A condition over `jobs j`; its parameters count from `firstParameter`. */
export type ConditionAt = (firstParameter: number) => MatchSql
/** How a job was before an action; what taking it back needs. */
export interface Before { state: JobState, queue_name: string, priority: number, run: number, due_at: string | null }

export const LOWEST_ID = '00000000-0000-0000-0000-000000000000'
/** The runner's statements end by themselves: a chunk is small, and nobody may wait for it for long. */
const CHUNK_SETTINGS = `set local statement_timeout = '8s'; set local lock_timeout = '2s'`

export interface CountedPage { looked: number, last: string | null, matched: number, untouched: number, ids: string[], sample: string[] }
export interface CountOptions { condition: ConditionAt, states: readonly JobState[], after: string, below: string, size: number, ids: number, sample: number }

/** Counts what one page of jobs holds for an action. */
export async function countMatches(organizationId: string, { condition, states, after, below, size, ids, sample }: CountOptions): Promise<CountedPage> {
  const match = condition(8)
  const { rows } = await withTenantSql(organizationId, client => client.query<CountedPage>(countPage(match), [organizationId, after, below, size, states, ids, sample, ...match.values]))
  return rows[0]!
}

/** States of named jobs, in the order of their ids. */
export function findStates(organizationId: string, ids: string[]): Promise<{ id: string, state: string }[]> {
  const sorted = ids.toSorted()
  return withTenant(organizationId, tx => tx.job.findMany({ where: { organizationId, id: { in: ids, gte: sorted[0], lte: sorted.at(-1) } }, select: { id: true, state: true }, orderBy: { id: 'asc' } }))
}

/** Jobs without payload and result, newest first. */
export function findSample(organizationId: string, ids: string[]): Promise<JobSummaryRow[]> {
  return withTenant(organizationId, tx => tx.job.findMany({ where: { organizationId, id: { in: ids } }, omit: { payload: true, result: true, tags: true }, orderBy: { id: 'desc' } }))
}

export interface NewAction {
  id: string
  organizationId: string
  action: JobActionName | 'undo'
  undoes?: string
  state: JobActionState
  actor: string
  reason?: string
  filter?: JobActionFilter
  /** The error whose jobs it is about: its story tells of the action. */
  errorGroup?: string | null
  priority?: number
  queueName?: string
  rate: number
  matched: number
  isExact: boolean
  /** The jobs it is about, when they are known already. */
  ids: string[]
}

/** Writes an action down, with its items as far as they are known. False when another one takes the same action back already. */
export function insertAction(action: NewAction): Promise<boolean> {
  const { id, organizationId, actor, reason, ids, filter } = action
  return withTenantSql(organizationId, async (client) => {
    const { rowCount } = await client.query(INSERT_ACTION, [
      id, organizationId, action.action, action.undoes ?? null, action.state, actor, reason ?? null, filter === undefined ? null : JSON.stringify(filter),
      action.priority ?? null, action.queueName ?? null, action.rate, action.matched, action.isExact, ids.length])
    if (rowCount === 0) return false
    if (ids.length > 0) await client.query(INSERT_ITEMS, [id, organizationId, ids])
    const tell = (kind: 'job_action' | 'error', subject: string, more: { event: string, details: object }) => client.query(INSERT_EVENT, [subject, organizationId, actor, more.event, reason ?? null, newId(), JSON.stringify(more.details), kind])
    await tell('job_action', id, { event: 'job_action.started', details: { action: action.action, matched: action.matched } })
    if (action.errorGroup != null && action.matched > 0) {
      await tell('error', action.errorGroup, { event: action.action === 'retry' ? 'error.retried' : 'error.acted', details: { action: action.action, action_id: id, jobs: action.matched, at_least: !action.isExact } })
    }
    return true
  })
}

/** Actions, newest first. */
export function listActionRows(organizationId: string, { before, take }: { before?: string, take: number }): Promise<ActionRow[]> {
  return withTenant(organizationId, async tx => withUndoers(tx, organizationId, await tx.jobAction.findMany({ where: { organizationId, ...(before && { id: { lt: before } }) }, orderBy: { id: 'desc' }, take })))
}

export function findActionRow(organizationId: string, id: string): Promise<ActionRow | null> {
  return withTenant(organizationId, async (tx) => {
    const row = await tx.jobAction.findFirst({ where: { organizationId, id } })
    return row && (await withUndoers(tx, organizationId, [row]))[0]!
  })
}

async function withUndoers(tx: Prisma.TransactionClient, organizationId: string, rows: Prisma.JobActionGetPayload<object>[]): Promise<ActionRow[]> {
  const undoers = await tx.jobAction.findMany({ where: { organizationId, undoes: { in: rows.map(row => row.id) } }, select: { id: true, undoes: true } })
  return rows.map(row => ({ ...row, undoneBy: undoers.find(each => each.undoes === row.id)?.id ?? null }))
}

export interface ItemFilter { outcome?: string, jobId?: string, after?: string, take: number }
/** Jobs of an action, in the order of their ids. */
export function listItemRows(organizationId: string, actionId: string, { outcome, jobId, after, take }: ItemFilter): Promise<ItemRow[]> {
  return withTenant(organizationId, tx => tx.jobActionItem.findMany({ where: { organizationId, actionId, outcome, AND: [{ jobId }, after ? { jobId: { gt: after } } : {}] }, orderBy: { jobId: 'asc' }, take }))
}

/** Ends an action that is not over; false when there is none. Waits for the chunk that is being done. */
export function abortRow({ organizationId, id, actor, reason }: { organizationId: string, id: string, actor: string, reason?: string }): Promise<boolean> {
  return withTenantSql(organizationId, async (client) => {
    const { rowCount } = await client.query(`
      update job_actions set state = 'aborted', ended_at = now(), updated_at = now(), ended_by = $3, end_reason = $4
      where organization_id = $1 and id = $2 and state in ('gathering', 'running')`, [organizationId, id, actor, reason ?? null])
    if (rowCount === 1) await client.query(INSERT_EVENT, [id, organizationId, actor, 'job_action.aborted', reason ?? null, newId(), null, 'job_action'])
    return rowCount === 1
  })
}

/** An action as the runner holds it: locked until the end of its transaction. */
export interface HeldAction {
  id: string
  organization_id: string
  action: JobActionName | 'undo'
  undoes: string | null
  state: 'gathering' | 'running'
  actor: string
  reason: string | null
  filter: JobActionFilter | null
  priority: number | null
  queue_name: string | null
  rate: number
  matched: number
  matched_exactly: boolean
  gathered: number
  gathered_until: string | null
  acted_until: string | null
  skipped: Partial<Record<SkipReason, number>>
  created_at: Date
  /** What the action to take back did. */
  undone: { action: JobActionName, priority: number | null, queue_name: string | null } | null
}

/** Actions that are not over, oldest first. */
export async function activeIds(): Promise<string[]> {
  const { rows } = await pool('engine').query<{ id: string }>({ name: 'active-actions', text: `select id from job_actions where state in ('gathering', 'running') order by id limit 200` })
  return rows.map(row => row.id)
}

/** Works on an action that is not over, in one transaction; null when it is over or another process works on it. */
export function onAction<T>(id: string, work: (db: pg.PoolClient, action: HeldAction) => Promise<T>): Promise<T | null> {
  return inTransaction('engine', async (client) => {
    const { rows } = await client.query<HeldAction>(`select * from job_actions where id = $1 and state in ('gathering', 'running') for update skip locked`, [id])
    const action = rows[0]
    if (!action) return null
    const undone = action.undoes === null ? [] : (await client.query<NonNullable<HeldAction['undone']>>(
      'select action, priority, queue_name from job_actions where id = $1 and organization_id = $2', [action.undoes, action.organization_id])).rows
    return work(client, { ...action, undone: undone[0] ?? null })
  }, CHUNK_SETTINGS)
}

/** Forgets at most `limit` items of the oldest action that ended `days` ago; answers how many, null when there is no such action. */
export function forgetItems(days: number, limit: number): Promise<number | null> {
  return inTransaction('engine', async (client) => {
    const { rows: [old] } = await client.query<{ id: string }>(`
      select id from job_actions where forgotten_at is null and ended_at < now() - make_interval(days => $1) order by ended_at limit 1 for update skip locked`, [days])
    if (!old) return null
    const { rowCount } = await client.query(`
      delete from job_action_items where action_id = $1 and job_id = any(array(select job_id from job_action_items where action_id = $1 limit $2))`, [old.id, limit])
    if ((rowCount ?? 0) < limit) await client.query('update job_actions set forgotten_at = now() where id = $1', [old.id])
    return rowCount ?? 0
  }, CHUNK_SETTINGS)
}
