import { publish } from '#server/infra/live-bus.ts'
import { jobsFinished } from '#server/infra/metrics.ts'
import { isFinal } from '#shared/job-states.ts'
import type { ChangedJob } from '#server/domain/engine/store.ts'

/** Tells the live bus (best effort) and the metrics about changed rows. */
export function tellChanges(rows: ChangedJob[]): void {
  publish('jobs', rows, row => ({
    id: row.id, organization_id: row.organization_id, state: row.state, run: row.run, progress: row.state === 'completed' ? 1 : 0,
    queue_name: row.queue_name, job_type: row.job_type, updated_at: row.updated_at.toISOString(),
  }))
  const ended = rows.filter(row => isFinal(row.state))
  for (const [label, same] of Map.groupBy(ended, row => `${row.state} ${row.job_type ?? 'external'}`)) {
    const [outcome, type] = label.split(' ') as [string, string]
    jobsFinished.inc({ type, outcome }, same.length)
  }
}
