import type { ActionRow, Before, ItemRow } from '#server/domain/actions/store.ts'
import { UNDO_WITHIN_MS, type JobActionState, type SkipReason } from '#shared/job-actions.ts'
import type { JobAction, JobActionItem } from '#shared/schemas/action.ts'

const time = (value: Date | null) => value?.toISOString() ?? null
const isOver = (state: string) => state === 'completed' || state === 'aborted'

/** Until when an action can be taken back; null when it cannot: it is not over, changed nothing, or deleted what it changed. */
export function undoUntil(row: ActionRow): Date | null {
  const isFinal = row.action === 'purge' || row.action === 'undo'
  if (isFinal || !isOver(row.state) || row.endedAt === null || row.done === 0 || row.undoneBy !== null) return null
  return new Date(row.endedAt.getTime() + UNDO_WITHIN_MS)
}

/** A row as `/api/v1` shows it. */
export function toAction(row: ActionRow): JobAction {
  const by = row.skipped as Partial<Record<SkipReason, number>>
  const skipped = Object.values(by).reduce((sum, count) => sum + count, 0)
  // The first step's jobs count for the rest that follows it.
  const seconds = row.startedAt === null ? 0 : (row.updatedAt.getTime() - row.startedAt.getTime()) / 1000 + Math.min(1, 500 / row.rate)
  const acted = row.done + row.failed + skipped
  return {
    id: row.id, action: row.action as JobAction['action'], state: row.state as JobActionState, undoes: row.undoes, undone_by: row.undoneBy, undo_until: time(undoUntil(row)),
    actor: row.actor, reason: row.reason, filter: row.filter as JobAction['filter'], priority: row.priority, queue_name: row.queueName, rate: row.rate,
    matched: row.matched, is_exact: row.matchedExactly, done: row.done, failed: row.failed, skipped, skipped_by: by,
    per_second: seconds > 0 && acted > 0 ? Math.round(acted / seconds * 10) / 10 : null, last_error: row.lastError, ended_by: row.endedBy, end_reason: row.endReason,
    created_at: row.createdAt.toISOString(), started_at: time(row.startedAt), ended_at: time(row.endedAt),
  }
}

/** One of its jobs. */
export function toItem(row: ItemRow): JobActionItem {
  const before = row.before as unknown as Before | null
  return {
    job_id: row.jobId, outcome: row.outcome as JobActionItem['outcome'], reason: row.reason,
    before: before && { state: before.state, queue_name: before.queue_name, priority: before.priority }, at: time(row.at),
  }
}
