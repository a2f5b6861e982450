/** What the runner reads and writes of an action, in the transaction of one chunk. */
import type pg from 'pg'
import { DONE_TO, GATHER_DONE, gatherPage, NEXT_ITEMS, SETTLE_ITEMS, stillFits } from '#server/domain/actions/sql.ts'
import { LOWEST_ID, type Before, type ConditionAt, type HeldAction } from '#server/domain/actions/store.ts'
import type { SkipReason } from '#shared/job-actions.ts'
import type { JobState } from '#shared/job-states.ts'

export interface GatheredPage { looked: number, last: string | null, kept: number }
export interface GatherOptions { condition: ConditionAt, states: readonly JobState[], unchangedSince: Date | null, size: number }

/** Writes down which jobs of the next page an action is about. */
export async function gatherMatches(db: pg.PoolClient, action: HeldAction, { condition, states, unchangedSince, size }: GatherOptions): Promise<GatheredPage> {
  const match = condition(8)
  const { rows } = await db.query<GatheredPage>(gatherPage(match), [
    action.organization_id, action.gathered_until ?? LOWEST_ID, action.id, size, states, action.id, unchangedSince, ...match.values])
  return rows[0]!
}

export async function gatherDone(db: pg.PoolClient, action: HeldAction, size: number): Promise<GatheredPage> {
  const { rows } = await db.query<GatheredPage>(GATHER_DONE, [action.organization_id, action.gathered_until ?? LOWEST_ID, action.undoes, size, action.id])
  return rows[0]!
}

export async function saveGathered(db: pg.PoolClient, action: HeldAction, { page, isLast }: { page: GatheredPage, isLast: boolean }): Promise<void> {
  const gathered = action.gathered + page.kept
  // Jobs that matched when it was asked for and changed before they were written down are counted like those that change before their turn.
  const changed = isLast && action.matched_exactly ? Math.max(0, action.matched - gathered) : 0
  const skipped = changed > 0 ? { ...action.skipped, changed } : action.skipped
  await db.query(`
    update job_actions set gathered = $3, gathered_until = coalesce($4, gathered_until), matched = $5, matched_exactly = matched_exactly or $6, skipped = $7::jsonb,
      state = case when $6 then 'running' else state end, started_at = coalesce(started_at, now()), updated_at = now()
    where id = $1 and organization_id = $2`, [action.id, action.organization_id, gathered, page.last, Math.max(action.matched, gathered), isLast, JSON.stringify(skipped)])
}

export interface NextItem { job_id: string, before: Before | null, at: Date | null }
/** The next jobs of an action, in the order of their ids; of one that takes another back, with what that did to them. */
export async function nextItems(db: pg.PoolClient, action: HeldAction, size: number): Promise<NextItem[]> {
  const { rows } = await db.query<{ job_id: string }>({ name: 'next-action-items', text: NEXT_ITEMS, values: [action.id, action.acted_until ?? LOWEST_ID, size, action.organization_id] })
  const ids = rows.map(row => row.job_id)
  if (action.undoes === null || ids.length === 0) return ids.map(id => ({ job_id: id, before: null, at: null }))
  const { rows: done } = await db.query<NextItem>({ name: 'done-to-items', text: DONE_TO, values: [action.undoes, action.organization_id, ids] })
  const known = new Map(done.map(item => [item.job_id, item]))
  return ids.map(id => known.get(id) ?? { job_id: id, before: null, at: null })
}

/** Which of some jobs fit a condition. */
export async function fitting(db: pg.PoolClient, organizationId: string, { ids, condition }: { ids: string[], condition: ConditionAt }): Promise<Set<string>> {
  const { sql, values } = condition(5)
  const { rows } = await db.query<{ id: string }>(stillFits(sql), [organizationId, ids, ids[0], ids.at(-1), ...values])
  return new Set(rows.map(row => row.id))
}

export interface SettledItem { jobId: string, outcome: 'done' | 'skipped' | 'failed', reason: string | null, before: Before | null }

/** Writes down what became of some jobs (in the order of their ids), and how far the action is. `isLast`: it is over. */
export async function saveSettled(db: pg.PoolClient, action: HeldAction, { items, isLast, error }: { items: SettledItem[], isLast: boolean, error?: string }): Promise<void> {
  const count = (outcome: SettledItem['outcome']) => items.filter(item => item.outcome === outcome).length
  const skipped = { ...action.skipped }
  for (const { outcome, reason } of items) if (outcome === 'skipped') skipped[reason as SkipReason] = (skipped[reason as SkipReason] ?? 0) + 1
  if (items.length > 0) {
    await db.query({ name: 'settle-items', text: SETTLE_ITEMS, values: [action.id, action.organization_id, items.map(item => item.jobId), items.map(item => item.outcome),
      items.map(item => item.reason), JSON.stringify(items.map(item => item.before))] })
  }
  await db.query(`
    update job_actions set acted_until = coalesce($3, acted_until), done = done + $4, failed = failed + $5, skipped = $6::jsonb, last_error = coalesce($7, last_error),
      started_at = coalesce(started_at, now()), updated_at = now(), state = case when $8 then 'completed' else state end, ended_at = case when $8 then now() end
    where id = $1 and organization_id = $2`,
  [action.id, action.organization_id, items.at(-1)?.jobId ?? null, count('done'), count('failed'), JSON.stringify(skipped), error ?? null, isLast])
}
