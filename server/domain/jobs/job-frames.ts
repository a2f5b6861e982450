import { errorText } from '#server/domain/jobs/present-job.ts'
import { findResults, type ResultRow } from '#server/domain/jobs/store.ts'
import { isFinal, toBespinStatus, type JobState } from '#shared/job-states.ts'
import type { JobChange, JobFrame, JobStatusFrame } from '#shared/schemas/live.ts'
import type { Json } from '#shared/schemas/primitives.ts'

/** A result over this many bytes of JSON is cut in WebSocket frames; by id it is whole. */
export const FRAME_RESULT_BYTES = 64 * 1024

/** A change, and for finished jobs what the row says. */
export interface JobFrameSource { change: JobChange, row: ResultRow | null }

/** Reads results and errors of the changes that have one, in one query. */
export async function jobFrames(organizationId: string, changes: JobChange[]): Promise<JobFrameSource[]> {
  const withRow = changes.filter(change => isFinal(change.state) || change.state === 'retrying').map(change => change.id)
  const rows = withRow.length > 0 ? await findResults(organizationId, withRow, FRAME_RESULT_BYTES) : []
  const byId = new Map(rows.map(row => [row.id, row]))
  return changes.map(change => ({ change, row: byId.get(change.id) ?? null }))
}

/**
 * Orders the changes of one job: higher is later. Runs only grow; within a run it starts, ends, and may then wait for
 * the next one.
 */
export function rankOf({ run, state }: { run: number, state: JobState }): number {
  if (state === 'running') return run * 4 + 1
  return run * 4 + (isFinal(state) ? 2 : 3)
}

const resultOf = ({ change, row }: JobFrameSource): { result: Json, result_truncated?: true } => {
  if (change.state !== 'completed' || !row) return { result: '' }
  return row.cut ? { result: row.result, result_truncated: true } : { result: row.result }
}

/** The frame of `/api/ws/jobs`; `organization_id` only for the administrator. */
export function toJobFrame(source: JobFrameSource, forAdmin: boolean): JobFrame {
  const { change, row } = source
  return {
    id: change.id, status: toBespinStatus(change.state), ...resultOf(source),
    error: row ? errorText({ state: change.state, lastError: row.lastError }) : '', updated_at: change.updated_at,
    ...(forAdmin && { organization_id: change.organization_id }),
  }
}

/** The frame of `/api/ws?job_id=`. */
export function toJobStatusFrame(source: JobFrameSource): JobStatusFrame {
  const { result, ...rest } = resultOf(source)
  return { type: 'job_status', job_id: source.change.id, status: toBespinStatus(source.change.state), result, ...rest }
}
